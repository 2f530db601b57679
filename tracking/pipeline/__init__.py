"""The flow, one verb per file. A stage returns what comes next; nothing here knows Celery."""
