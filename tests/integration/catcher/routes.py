"""The product's routes with the catcher's pages, which tests have no folder for when settings are read."""

from django.urls import include, path

from config.urls import urlpatterns as product

urlpatterns = [*product, path("mail/", include("tracking.catcher.urls"))]
