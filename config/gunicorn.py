"""The web server: `gunicorn --config config/gunicorn.py config.wsgi`. Clients are given little to hold on to."""

worker_class = "config.patience.PatientWorker"
threads = 8
timeout = 60  # seconds without a sign of life of a worker
graceful_timeout = 20
keepalive = 5  # seconds; a proxy in front keeps its connections
backlog = 512
worker_connections = 200  # of one worker; more wait in the backlog
limit_request_line = 4_094  # bytes
limit_request_fields = 60
limit_request_field_size = 8_190  # bytes
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(L)ss'  # the path alone: what follows a ? may be secret
control_socket_disable = True
