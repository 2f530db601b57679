"""Which tests hold which area of attack. `test_areas.py` proves that each of them exists.

A row is a file, or a file and a test in it. Every area has tests in the project's own words; those of a file
(TRACKING_ATTACK_CASES) are tried beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

_S = "tests/security"
_SMTP = "tests/unit/smtp"
_MAIL = "tests/unit/mail"

AREAS: Mapping[str, tuple[str, ...]] = {
    "address": (
        f"{_MAIL}/test_addresses.py",
        f"{_S}/test_mail.py",
        f"{_S}/test_fuzz.py::test_any_text_is_one_address_or_a_refusal",
    ),
    "header_injection": (
        f"{_S}/test_mail.py",
        f"{_MAIL}/test_compose.py::test_no_text_becomes_a_header",
        f"{_MAIL}/test_compose.py::test_refused_headers",
    ),
    "smtp_command": (
        f"{_SMTP}/test_wire_bytes.py::test_an_address_that_could_be_a_command_makes_no_envelope",
        f"{_SMTP}/test_wire_bytes.py::test_an_endpoint_holds_nothing_that_ends_a_command",
        f"{_SMTP}/test_auth.py",
    ),
    "smtp_smuggling": (
        f"{_S}/test_mail.py::test_no_body_ends_a_mail_early",
        f"{_SMTP}/test_wire_bytes.py::test_no_message_ends_early_or_holds_a_bare_line_break",
    ),
    "hostile_server": (
        f"{_SMTP}/test_replies.py",
        f"{_SMTP}/test_session_faults.py",
        "tests/faults/test_servers.py",
        f"{_S}/test_fuzz.py::test_any_bytes_are_replies_or_a_protocol_error",
    ),
    "tls": (f"{_SMTP}/test_tls.py",),
    "ssrf": (f"{_SMTP}/test_guard.py", f"{_S}/test_hosts.py"),
    "template_escape": (f"{_S}/test_templates.py", "tests/unit/rendering/twig/test_attacks.py"),
    "template_dos": (
        f"{_S}/test_templates.py",
        "tests/unit/rendering/twig/test_attacks.py",
        "tests/unit/rendering/twig/test_limits.py",
    ),
    "redos": (f"{_S}/test_templates.py::test_long_rubbish_is_refused_at_once",),
    "xss_preview": (
        f"{_S}/test_foreign_words.py",
        f"{_S}/test_pages.py::test_a_strangers_words_run_nothing_and_load_nothing",
        "tests/integration/catcher/test_sandbox.py",
    ),
    "xss_mail": (f"{_S}/test_foreign_words.py::test_a_value_is_text_in_an_html_mail",),
    "csv": (f"{_S}/test_spreadsheets.py", "tests/integration/admin/test_usage.py"),
    "api": ("tests/integration/api", f"{_S}/test_slow_clients.py"),
    "authz": (
        "tests/integration/test_authorisation.py",
        "tests/integration/api/test_matrix.py",
        "tests/integration/admin/test_permissions.py",
        "tests/integration/admin/test_scope.py",
        "tests/integration/admin/test_forged_queries.py",
    ),
    "secrets": (f"{_S}/test_secrets.py", "tests/unit/test_credentials.py"),
    "log_injection": (f"{_S}/test_logs.py",),
    "abuse": ("tests/integration/test_quotas.py", "tests/integration/test_caps.py"),
    "celery": (f"{_S}/test_tasks.py",),
    "audit": ("tests/integration/test_audit.py",),
}
