"""The given cases that are situations, not values: by which tests each is held, or why it cannot be.

A case is known by its area and a digest of what it says (`identity`), so that a case that changes, or is new, lacks its
row. `test_given_cases.py` proves that every case has a trial or a row here, and that every test named exists.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_S = "tests/security"
_SMTP = "tests/unit/smtp"
_ROWS = "tests/integration"
_API = f"{_ROWS}/api"
_ADMIN = f"{_ROWS}/admin"
_SERVERS = "tests/faults/test_servers.py"

Held = str | tuple[str, ...]  # a reason, or tests


def identity(case: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(case["input"], sort_keys=True).encode()).hexdigest()
    return f"{case['area']}-{digest[:8]}"


SITUATIONS: Mapping[str, Held] = {
    "tls-d875e143": (f"{_SMTP}/test_tls.py::test_a_certificate_of_another_authority",),
    "tls-76786f2e": (
        f"{_SMTP}/test_tls.py::test_a_server_that_is_not_who_it_should_be",
        f"{_SMTP}/test_tls.py::test_what_was_wrong_with_a_certificate_is_told_and_what_it_says",
        f"{_SERVERS}::test_fault_29_a_certificate_that_proves_nothing_gets_no_mail",
    ),
    "tls-91137ea7": (f"{_ROWS}/test_lint.py::test_port_and_encryption_go_together",),
    "tls-d81d0779": (f"{_ROWS}/test_lint.py::test_port_and_encryption_go_together",),
    "tls-9e5d2047": (f"{_SMTP}/test_tls.py::test_a_server_that_is_not_who_it_should_be",),
    "tls-e76b8b04": (
        f"{_SMTP}/test_tls.py::test_a_server_that_is_not_who_it_should_be",
        f"{_SMTP}/test_tls.py::test_what_was_wrong_with_a_certificate_is_told_and_what_it_says",
        f"{_SERVERS}::test_fault_29_a_certificate_that_proves_nothing_gets_no_mail",
    ),
    "tls-bab95ef4": (
        f"{_SMTP}/test_tls.py::test_a_server_that_is_not_who_it_should_be",
        f"{_SMTP}/test_tls.py::test_what_was_wrong_with_a_certificate_is_told_and_what_it_says",
        f"{_SERVERS}::test_fault_29_a_certificate_that_proves_nothing_gets_no_mail",
    ),
    "tls-8af96b30": (
        f"{_SMTP}/test_tls.py::test_a_server_that_is_not_who_it_should_be",
        f"{_SMTP}/test_tls.py::test_what_was_wrong_with_a_certificate_is_told_and_what_it_says",
        f"{_SERVERS}::test_fault_29_a_certificate_that_proves_nothing_gets_no_mail",
    ),
    "ssrf-c8c2279a": (
        f"{_S}/test_hosts.py::test_a_name_that_moves_is_refused_before_anything_is_sent",
        f"{_SERVERS}::test_fault_31_a_resolver_that_fails_hangs_or_lies",
    ),
    "ssrf-ce0470e8": (
        f"{_ROWS}/test_check.py::test_checks_are_limited_and_leave_a_trace",
        f"{_ROWS}/test_check.py::test_a_host_that_is_refused_reads_as_one_where_nobody_listens",
    ),
    "ssrf-d3334299": (
        f"{_SMTP}/test_guard.py::test_one_bad_address_refuses_the_host",
        f"{_S}/test_hosts.py::test_one_bad_address_among_good_ones_refuses_the_name",
    ),
    "ssrf-d690005d": "mail alone goes out: nothing here speaks HTTP to a provider, so nothing follows a redirect",
    "ssrf-39a3e7c7": (
        f"{_S}/test_hosts.py::test_a_name_that_moves_is_refused_before_anything_is_sent",
        f"{_S}/test_hosts.py::test_the_name_is_asked_once_and_the_address_that_was_checked_is_used",
    ),
    "ssrf-2cfec47e": (f"{_S}/test_hosts.py::test_a_name_that_is_an_alias_is_judged_by_the_address_it_ends_at",),
    "hostile_server-db652015": (
        f"{_SERVERS}::test_fault_28_endless_replies_are_cut_short",
        f"{_SERVERS}::test_fault_28_senseless_replies_are_cut_short",
        f"{_SMTP}/test_replies.py::test_no_bytes_crash_the_reader_or_make_it_grow",
    ),
    "hostile_server-ff0340ca": (f"{_SERVERS}::test_fault_26_a_line_that_breaks_after_the_final_dot_leaves_it_unknown",),
    "hostile_server-4a978b90": (
        f"{_SERVERS}::test_fault_21_who_is_refused_for_good_is_asked_once",
        f"{_SMTP}/test_wire_bytes.py::test_what_mail_says_of_the_message",
    ),
    "xss_mail-39bba2eb": (
        "an author's own link is the author's, as docs/security.md says; "
        "mail programs run no scripts, and pages show mails in sandboxed frames"
    ),
    "authz-b48616ee": (
        f"{_API}/test_matrix.py::test_a_foreign_row_answers_as_one_that_does_not_exist",
        f"{_API}/test_history.py::test_a_buyer_clones_to_no_foreign_campaign",
    ),
    "authz-8a25c184": (f"{_API}/test_doors.py::test_a_parameter_that_means_nothing_is_refused_by_name",),
    "authz-bd7b7ec6": (f"{_API}/test_doors.py::test_what_is_no_id_leads_nowhere",),
    "authz-0cd68a91": (
        f"{_API}/test_matrix.py::test_the_server_of_a_foreign_rule_is_no_connection_to_choose",
        f"{_ROWS}/test_rules.py::test_a_predefined_connection_cannot_be_had_by_the_key_of_a_rules_own",
    ),
    "authz-b85a8239": (
        f"{_API}/test_log_and_connections.py::test_the_server_of_one_rule_is_no_connection_of_the_list",
        f"{_API}/test_matrix.py::test_a_caller_does_what_it_may_with_what_is_its_own",
    ),
    "authz-ba7b6c96": (f"{_API}/test_doors.py::test_what_is_no_id_leads_nowhere",),
    "authz-fc151d0b": (
        f"{_API}/test_matrix.py::test_a_list_holds_what_is_one_s_own_and_a_foreign_id_filters_like_none",
    ),
    "authz-15f568ae": (f"{_API}/test_doors.py::test_a_parameter_that_means_nothing_is_refused_by_name",),
    "authz-0948be4c": (f"{_API}/test_doors.py::test_an_address_that_leads_nowhere_is_a_problem_too",),
    "authz-769b23ba": (f"{_ROWS}/test_authorisation.py::test_strangers_are_asked_who_they_are",),
    "authz-3a93dc4c": (
        f"{_ROWS}/test_authorisation.py::test_an_action_on_foreign_rows_is_answered_as_one_on_none",
        f"{_ADMIN}/test_scope.py::test_an_action_on_foreign_deliveries_does_nothing",
    ),
    "authz-20665c8f": (f"{_ROWS}/test_authorisation.py::test_a_role_opens_what_it_may_and_nothing_else",),
    "authz-75ac4852": (f"{_ADMIN}/test_scope.py::test_a_query_string_probes_no_column_that_is_not_shown",),
    "secrets-2bd104ca": (f"{_S}/test_secrets.py::test_no_page_shows_a_stored_password",),
    "secrets-2c01aff3": (f"{_S}/test_secrets.py::test_no_page_shows_a_stored_password",),
    "secrets-aa475a84": (
        f"{_S}/test_secrets.py::test_the_api_asks_for_the_password_anew",
        f"{_S}/test_secrets.py::test_a_stored_password_goes_to_no_other_server",
    ),
    "secrets-eb986d65": (f"{_S}/test_secrets.py::test_rows_values_and_their_pictures_hide_it",),
    "secrets-c4e369f2": (f"{_S}/test_secrets.py::test_options_of_the_api_show_none",),
    "secrets-08d5596f": (
        f"{_S}/test_secrets.py::test_a_refused_form_gives_back_no_password",
        f"{_S}/test_secrets.py::test_a_refused_request_gives_back_no_password",
    ),
    "secrets-b3b5601d": (f"{_S}/test_secrets.py::test_no_page_shows_a_stored_password",),
    "secrets-823cf07a": (
        f"{_S}/test_secrets.py::test_rotation_leaves_nothing_on_the_old_key",
        f"{_S}/test_secrets.py::test_rotation_may_be_stopped_and_started_again",
    ),
    "secrets-95c47b69": (f"{_API}/test_doors.py::test_another_representation_than_json_is_not_to_be_had",),
    "secrets-f1b7375f": (f"{_S}/test_secrets.py::test_the_row_holds_it_sealed_and_named_by_its_key",),
    "api-700f5747": (
        f"{_API}/test_tokens.py::test_what_is_no_token_is_401",
        f"{_API}/test_matrix.py::test_strangers_are_asked_who_they_are",
    ),
    "api-2d7202dc": (f"{_API}/test_doors.py::test_a_parameter_that_means_nothing_is_refused_by_name",),
    "api-3a348051": (f"{_API}/test_rules.py::test_a_refused_rule_names_the_field",),
    "api-fa979dc0": (f"{_API}/test_doors.py::test_a_parameter_that_means_nothing_is_refused_by_name",),
    "api-28511bc9": (f"{_API}/test_doors.py::test_a_key_belongs_to_one_request",),
    "api-9f1736a7": (f"{_API}/test_events.py::test_what_is_not_json_is_told",),
    "api-e5eaf0aa": (
        f"{_API}/test_tokens.py::test_a_token_in_the_address_counts_for_nothing",
        f"{_API}/test_doors.py::test_a_parameter_that_means_nothing_is_refused_by_name",
    ),
    "api-32370772": (f"{_API}/test_rules.py::test_a_refused_rule_names_the_field",),
    "api-2b7e265b": (f"{_API}/test_events.py::test_a_compressed_body_is_not_unpacked",),
    "api-a9f1bf6c": (f"{_API}/test_events.py::test_only_json_is_read",),
    "api-4d4886f0": (f"{_API}/test_events.py::test_a_refused_event_names_the_field",),
    "api-7a09d3bf": (f"{_API}/test_doors.py::test_a_parameter_that_means_nothing_is_refused_by_name",),
    "api-60410aa4": (f"{_API}/test_events.py::test_what_is_not_json_is_told",),
    "api-699d1782": (f"{_API}/test_tokens.py::test_what_is_no_token_is_401",),
    "api-7fc890c4": (f"{_API}/test_doors.py::test_a_parameter_that_means_nothing_is_refused_by_name",),
    "api-ef534f99": (f"{_API}/test_tokens.py::test_a_token_that_ended_is_401",),
    "api-9af7074d": (f"{_API}/test_doors.py::test_who_sends_too_much_is_told_when_to_come_back",),
    "api-8c05bf5b": (f"{_API}/test_rules.py::test_a_refused_rule_names_the_field",),
    "api-95cae0c7": (f"{_API}/test_events.py::test_a_refused_event_names_the_field",),
    "log_injection-7e7c1ba2": (f"{_S}/test_logs.py::test_a_strangers_words_are_one_line_and_only_data",),
    "log_injection-0bdf8db9": (f"{_S}/test_logs.py::test_a_strangers_words_are_one_line_and_only_data",),
    "log_injection-9564b4f3": (f"{_S}/test_logs.py::test_a_strangers_words_are_one_line_and_only_data",),
    "audit-d990fdda": (
        f"{_ROWS}/test_audit.py::test_a_row_says_who_did_what_to_what_and_when",
        f"{_ROWS}/test_audit.py::test_the_database_refuses_to_change_or_forget",
        f"{_ROWS}/test_audit.py::test_secrets_are_masked_wherever_they_stand",
    ),
    "celery-794e531e": (
        f"{_S}/test_tasks.py::test_a_forged_wake_up_sends_nothing_that_is_not_due",
        f"{_S}/test_tasks.py::test_a_task_takes_ids_alone",
    ),
    "abuse-faef46c7": (f"{_ROWS}/test_rules.py::test_what_could_not_run_here_is_refused_by_name",),
    "abuse-0c51d76c": (f"{_ROWS}/test_quotas.py::test_a_mail_that_goes_round_in_a_circle_ends_at_the_quota",),
}
