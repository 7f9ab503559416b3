"""E-mail through a mail server of one's own or a provider's."""

from invoke_adapters.smtp.mailer import SmtpMailer

__all__ = ["SmtpMailer"]
