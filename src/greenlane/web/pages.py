"""The pages of coming in, and those that need nobody to be signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from greenlane.kit.errors import GreenlaneError
from greenlane.web import frame
from greenlane.web.destination import Destination
from greenlane.web.signed_in import SignedIn


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, and what to do about it. ``field`` is empty when it is about the whole form."""

    field: str
    message: str
    next_step: str

    @classmethod
    def of(cls, field: str, error: GreenlaneError) -> FieldError:
        """The error as a form shows it: both public texts, never the private detail."""
        return cls(field, error.message, error.next_step)


def _page(template: str, status: int = 200, **told: Any) -> Response:
    return frame.show(None, template, told, status=status)


def sign_in(
    to: Destination | None,
    error: FieldError | None = None,
    *,
    next_page: str = "",
    name: str = "",
    again: str = "",
    recover: str = "/sign-in/recover",
    company: Sequence[tuple[str, str]] = (),
    mail: str | None = None,
) -> Response:
    """Every way in, and where the person wanted to go. ``again`` names who is signed in and shows it once more.

    ``company`` are the buttons of the company's providers with where they lead; ``mail`` is what was typed as one's mail
    address, None where no domain leads anywhere.
    """
    return _page(
        "coming_in/sign_in.html",
        422 if error else 200,
        to=to,
        error=error,
        next=next_page,
        name=name,
        again=again,
        recover=recover,
        company=company,
        mail=mail,
    )


def recover(to: Destination | None, next_page: str = "", error: FieldError | None = None) -> Response:
    """Asks for a recovery code."""
    return _page("coming_in/recover.html", 422 if error else 200, to=to, next=next_page, error=error)


def sign_in_link() -> Response:
    """One button. The link itself does nothing, because mail scanners open links; and it names nobody."""
    return _page("coming_in/link.html")


def invitation(person: SignedIn | None, name: str = "", email: str = "", error: FieldError | None = None) -> Response:
    """Asks somebody new for their name; somebody who is here already only presses the button."""
    return _page("coming_in/invitation.html", 422 if error else 200, person=person, name=name, email=email, error=error)


def going_on(to: str, name: str) -> Response:
    """Leads on to an app from a form.

    A page in between, not a redirect: browsers hold every redirect that follows a form against the form's
    ``form-action``, and an app is another origin.
    """
    page = _page("coming_in/going_on.html", to=to, name=name)
    page.headers["refresh"] = f"0; url={to}"
    return page


def leading_on(to: str, name: str, *, leaving: bool = False) -> Response:
    """Leads from a form to the company's provider, which is another origin as well: to sign in, or to sign out."""
    page = _page("coming_in/leading_on.html", to=to, name=name, leaving=leaving)
    page.headers["refresh"] = f"0; url={to}"
    return page


def back_to_terminal(to: str) -> Response:
    """Leads from a form to the terminal that waits on this machine, which is another origin as well."""
    page = _page("terminals/back.html", to=to)
    page.headers["refresh"] = f"0; url={to}"
    page.headers["referrer-policy"] = "no-referrer"
    return page


def not_let_in(error: GreenlaneError) -> Response:
    """The company's sign-in opened nothing: why, what to do, and the way back."""
    return _page(
        "coming_in/not_let_in.html",
        403 if error.status in {401, 500} else error.status,
        text=error.message,
        next_step=error.next_step,
    )


def sign_out(person: SignedIn) -> Response:
    """One button, for those who typed the address."""
    return _page("coming_in/sign_out.html", person=person)


def message(status: int, title: str, text: str, next_step: str = "", *, person: SignedIn | None = None) -> Response:
    """A page with one thing to say."""
    return _page("message.html", status, title=title, text=text, next_step=next_step, person=person)


def dead_link(error: GreenlaneError) -> Response:
    """A sign-in or invitation link that opens nothing: used, expired, or never ours."""
    return message(410, "This link does not work any more", error.message, error.next_step)


def link_not_whole(error: GreenlaneError) -> Response:
    """A link that was cut, or mistyped, on its way here."""
    return message(400, "This link is not whole", error.message, error.next_step)


def signed_out() -> Response:
    """It is done."""
    text = "This browser is signed out of Greenlane, and of every app that it had open through it."
    return message(200, "You are signed out", text)


def not_found() -> Response:
    """No such page."""
    text = "There is no page at this address. It may have moved, or a letter may be missing."
    return message(404, "Page not found", text, "Check the address, or start again from the first page.")


def not_ours() -> Response:
    """Somebody asked us to lead a visitor to a place that is not an app of ours."""
    text = "The link would send you to a place that is none of Greenlane's apps, so you stay here."
    return message(400, "This address is not one of ours", text, "Ask for the app's own address and open that.")


def not_sent_from_here() -> Response:
    """A form that some other page sent."""
    text = (
        "Another page tried to press a button here in your name, or your browser did not say who did. Nothing was done."
    )
    return message(403, "Nothing was done", text, "Open the page again and press its button yourself.")


def failed(error: GreenlaneError) -> Response:
    """Any other error, in its own words."""
    return message(error.status, "That did not work", error.message, error.next_step)


def broken() -> Response:
    """A fault of ours, of which a person needs to know no more than this."""
    text = "Something went wrong inside Greenlane. It is in the log. Apps that are published go on working."
    return message(500, "This page could not be made", text, "Try again in a minute.")
