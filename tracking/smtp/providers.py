"""The mail services an operator can pick by name, as one table. Facts from each service's own SMTP page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tracking.choices import Encryption


class Provider(StrEnum):
    AMAZON_SES = "amazon-ses"
    BREVO = "brevo"
    MAILERSEND = "mailersend"
    MAILGUN_US = "mailgun-us"
    MAILGUN_EU = "mailgun-eu"
    MAILJET = "mailjet"
    MANDRILL = "mandrill"
    POSTMARK = "postmark"
    RESEND = "resend"
    SENDGRID = "sendgrid"
    SPARKPOST_US = "sparkpost-us"
    SPARKPOST_EU = "sparkpost-eu"
    SMTP2GO = "smtp2go"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What is known of one service.

    `host` may hold "{region}", and then `regions` is not empty; it is "" where the operator types it.
    `login_hint` says in words what the user name is; `fixed_login` is it, where the service has only one.
    """

    value: Provider
    label: str
    host: str
    login_hint: str
    port: int = 587
    encryption: Encryption = Encryption.TLS
    fixed_login: str = ""
    regions: tuple[str, ...] = ()

    def host_for(self, region: str = "") -> str:
        """The host in that region. Raises ValueError for a region that the service does not have."""
        if not self.regions:
            return self.host
        if region not in self.regions:
            raise ValueError(f"{self.label} has no region {region!r}")
        return self.host.format(region=region)


# The regions with an SMTP endpoint; Jakarta, Cape Town and Bahrain offer SES by its API alone.
_SES_REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "us-gov-east-1",
    "us-gov-west-1",
)

_SPARKPOST_LOGIN = "Always SMTP_Injection; the password is an API key with the permission “Send via SMTP”."
_MAILGUN_LOGIN = "The domain's SMTP user, such as postmaster@mg.example.com."

_PRESETS = (
    Preset(
        value=Provider.AMAZON_SES,
        label="Amazon SES",
        host="email-smtp.{region}.amazonaws.com",
        login_hint="The SMTP user name made in the SES console for this region; not an access key.",
        regions=_SES_REGIONS,
    ),
    Preset(
        value=Provider.BREVO,
        label="Brevo",
        host="smtp-relay.brevo.com",
        login_hint="The SMTP login shown in Brevo; the password is an SMTP key, not an API key.",
    ),
    Preset(
        value=Provider.MAILERSEND,
        label="MailerSend",
        host="smtp.mailersend.net",
        login_hint="The SMTP user that MailerSend generates for a domain.",
    ),
    Preset(
        value=Provider.MAILGUN_US,
        label="Mailgun (US)",
        host="smtp.mailgun.org",
        login_hint=_MAILGUN_LOGIN,
    ),
    Preset(
        value=Provider.MAILGUN_EU,
        label="Mailgun (EU)",
        host="smtp.eu.mailgun.org",
        login_hint=_MAILGUN_LOGIN,
    ),
    Preset(
        value=Provider.MAILJET,
        label="Mailjet",
        host="in-v3.mailjet.com",
        login_hint="The API key; the password is the secret key.",
    ),
    Preset(
        value=Provider.MANDRILL,
        label="Mailchimp Transactional (Mandrill)",
        host="smtp.mandrillapp.com",
        login_hint="Any text, by custom the account's address; the password is an API key.",
    ),
    Preset(
        value=Provider.POSTMARK,
        label="Postmark",
        host="smtp.postmarkapp.com",
        login_hint="The server's API token, which is the password too; or an SMTP token's access and secret key.",
    ),
    Preset(
        value=Provider.RESEND,
        label="Resend",
        host="smtp.resend.com",
        port=465,
        encryption=Encryption.SSL,
        login_hint="Always resend; the password is an API key.",
        fixed_login="resend",
    ),
    Preset(
        value=Provider.SENDGRID,
        label="SendGrid",
        host="smtp.sendgrid.net",
        login_hint="Always apikey; the password is an API key.",
        fixed_login="apikey",
    ),
    Preset(
        value=Provider.SPARKPOST_US,
        label="SparkPost (US)",
        host="smtp.sparkpostmail.com",
        login_hint=_SPARKPOST_LOGIN,
        fixed_login="SMTP_Injection",
    ),
    Preset(
        value=Provider.SPARKPOST_EU,
        label="SparkPost (EU)",
        host="smtp.eu.sparkpostmail.com",
        login_hint=_SPARKPOST_LOGIN,
        fixed_login="SMTP_Injection",
    ),
    Preset(
        value=Provider.SMTP2GO,
        label="SMTP2GO",
        host="mail.smtp2go.com",
        port=2525,
        login_hint="An SMTP user made under Sending, SMTP Users.",
    ),
    Preset(
        value=Provider.OTHER,
        label="Other",
        host="",
        login_hint="As your mail service says.",
    ),
)

PROVIDERS: Mapping[str, Preset] = MappingProxyType({preset.value.value: preset for preset in _PRESETS})
