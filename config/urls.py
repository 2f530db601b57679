"""Where the pages are."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from tracking import conf
from tracking.api import health
from tracking.api.events import Events

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    path("api/v1/events/", Events.as_view(), name="events"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]

if conf.catcher_folder():
    urlpatterns.append(path("mail/", include("tracking.catcher.urls")))
