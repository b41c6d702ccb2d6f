"""A launch that came to nothing, as the hub's pages show it."""

from html import escape

from tornado import web


class LaunchError(web.HTTPError):
    """Says why nothing was started; pages that can hold a link offer the way back to the choice.

    `log` is the end of the server's log, for whoever started it: it is shown, and not written to the hub's log.
    """

    def __init__(self, status: int, message: str, back_url: str, log: str = "") -> None:
        super().__init__(status, message)
        told = f"{message} The last lines of its log:" if log else message
        self.jupyterhub_message = f"{told}\n{log}" if log else message
        shown = f'<pre class="text-start">{escape(log)}</pre>' if log else ""
        self.jupyterhub_html_message = f'{escape(told)}{shown} <a href="{escape(back_url)}">Choose again</a>'
