"""The Celery application. Its settings are the CELERY_ names of `settings.py`."""

import gc
import os
import sys
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun, worker_init, worker_ready
from django.core.checks import run_checks
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A worker would load every page for Django's checks, a fifth of its memory, and not look at what they say. Those of the
# settings are asked below.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

ANSWER = 1.0  # seconds a connected broker has to take a message and, where it confirms, to say so


class Bounded(Task[..., Any]):
    """Publishing ends in time, whatever the broker does; one that swallows what it is sent is given up, too."""

    def apply_async(self, *args: Any, **options: Any) -> Any:
        return super().apply_async(*args, **{"timeout": ANSWER, "confirm_timeout": ANSWER, **options})


app = Celery("tracking", task_cls=Bounded)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Celery would close the thread's connection to the database before and after every task, whatever CONN_MAX_AGE says:
# a new server process for each mail. It counts to this instead, and never gets there.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize


@task_prerun.connect
@task_postrun.connect
def keep_good_connections(task: Any, **kwargs: object) -> None:
    """As Django does around a request: one that is dead or past its CONN_MAX_AGE goes, a good one stays."""
    if not task.request.is_eager:
        close_old_connections()


@worker_init.connect
def refuse_unsafe_settings(**kwargs: object) -> None:
    """No worker starts with settings that lose or double mails."""
    errors = [check for check in run_checks(tags=["tracking_settings"]) if check.is_serious()]
    if errors:  # anything else that is raised here would be logged, and the worker would start
        raise SystemExit("\n".join(f"{check.id} {check.msg} {check.hint}" for check in errors))


@worker_ready.connect
def spare_what_stays(**kwargs: object) -> None:
    """What a worker has loaded stays to its end: to look for garbage in it takes 0.1 s each time, and no mail goes."""
    gc.collect()
    gc.freeze()
