"""Where the pages are."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from tracking import conf
from tracking.admin import dashboard
from tracking.alert_page import answer
from tracking.api import health

admin.autodiscover()  # here and not when Django starts: a worker has no pages, and weighs a tenth less

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/second-factor/", include("tracking.admin.second_factor")),
    path("admin/board/", admin.site.admin_view(dashboard.view), name="admin-board"),
    path("admin/", admin.site.urls),
    path("alerts/<str:token>/", answer, name="alert"),
    path("api/", include("tracking.api.urls")),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]

handler400 = "tracking.api.problems.bad_request"
handler500 = "tracking.api.problems.server_error"

if conf.catcher_folder():
    urlpatterns.append(path("mail/", include("tracking.catcher.urls")))
