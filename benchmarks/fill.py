"""Rows by the million, made inside the database: as the product would have written them, without its work."""

from __future__ import annotations

from django.db import connection

from benchmarks import ready  # noqa: F401 - sets Django up

_KEY = "('00000000-0000-7000-8{kind}-' || lpad(to_hex({number}), 12, '0'))::uuid"  # in order of time, as the product's


def sql(text: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def analyze() -> None:
    sql("VACUUM ANALYZE")


def copies(rule: int, number: int, *, of: int = 1) -> None:
    """So many more rules like each of the `of` from that one on, which have different owners; all ids follow on.

    The owners take turns, as those of the first do.
    """
    sql(
        """
        WITH made AS (
            INSERT INTO tracking_rule
                (key, name, trigger, kind, product_id, campaign_id, connection_id, enabled, created_at)
            SELECT gen_random_uuid(), name || ' ' || n, trigger, kind, product_id, campaign_id, connection_id, true,
                created_at
            FROM tracking_rule, generate_series(1, %s) n WHERE id >= %s AND id < %s ORDER BY n, id
            RETURNING id, product_id
        ), versions AS (
            INSERT INTO tracking_ruleversion (rule_id, number, document, created_at)
            SELECT made.id, 1, version.document, version.created_at
            FROM made
            JOIN tracking_rule first ON first.product_id = made.product_id AND first.id >= %s AND first.id < %s
            JOIN tracking_ruleversion version ON version.rule_id = first.id RETURNING id, rule_id
        ) SELECT 1
        """,
        number,
        *(rule, rule + of) * 2,
    )
    sql(
        "UPDATE tracking_rule SET current_id = version.id FROM tracking_ruleversion version "
        "WHERE version.rule_id = tracking_rule.id AND tracking_rule.current_id IS NULL"
    )


def deliveries(rule: int, number: int, *, state: str, first: int = 0, rules: int = 1, products: int = 1) -> None:
    """Events, a delivery of each, and of those sent an attempt and a recipient, a second apart until now.

    They belong by turns to `rules` rules from that one on, and are spread over products from 1 on.
    """
    event, delivery = (_KEY.format(kind=kind, number="n") for kind in ("001", "002"))
    spread = (number, first, first + 1, first + number)
    sql(
        f"""
        INSERT INTO tracking_storedevent
            (id, event_id, trigger, product_id, lead_id, occurred_at, received_at, test, payload)
        SELECT {event}, 'filled-' || n, 'lms.lead_sold', 1 + n %% %s, 'lead-' || n, at, at, false,
            jsonb_build_object('event_id', 'filled-' || n, 'trigger', 'lms.lead_sold', 'product', 1 + n %% %s,
                'occurred_at', '2026-01-31T12:00:00+00:00', 'lead_id', 'lead-' || n,
                'lead', '{{"email": "ada@example.org", "first_name": "Ada"}}'::jsonb)
        FROM (SELECT n, now() - (%s + %s - n) * interval '1 second' AS at FROM generate_series(%s, %s) n) rows
        """,
        products,
        products,
        *spread,
    )
    done = state == "sent"
    sql(
        f"""
        INSERT INTO tracking_delivery
            (id, event_id, rule_id, version_id, connection_id, trigger, product_id, test, created_at, state, reason,
             tries, crashes, next_attempt_at, claimed_at, warning, finished_at)
        SELECT {delivery}, {event}, rule.id, rule.current_id, rule.connection_id, 'lms.lead_sold', 1 + n %% %s, false,
            at, %s, '', %s, 0, CASE WHEN %s THEN NULL ELSE at END, CASE WHEN %s THEN at END, '',
            CASE WHEN %s THEN at END
        FROM (SELECT n, now() - (%s + %s - n) * interval '1 second' AS at FROM generate_series(%s, %s) n) rows
        JOIN tracking_rule rule ON rule.id = %s + n %% %s
        """,
        products,
        state,
        int(done),
        done,
        done,
        done,
        *spread,
        rule,
        rules,
    )
    if done:
        _outcomes(delivery, spread)


def _outcomes(delivery: str, spread: tuple[int, int, int, int]) -> None:
    at = "now() - (%s + %s - n) * interval '1 second'"
    sql(
        "INSERT INTO tracking_attempt "
        "(delivery_id, started_at, ended_at, phase, failure, code, enhanced, text, worker) "
        f"SELECT {delivery}, {at}, {at}, 'accepted', '', 250, '2.0.0', 'queued', 'worker:1' "
        "FROM generate_series(%s, %s) n",
        *spread[:2],
        *spread,
    )
    sql(
        "INSERT INTO tracking_deliveryrecipient (delivery_id, role, address, status, code, text) "
        f"SELECT {delivery}, 'to', 'ada@example.org', 'accepted', 250, 'queued' FROM generate_series(%s, %s) n",
        *spread[2:],
    )
