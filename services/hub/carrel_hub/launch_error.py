"""A launch that came to nothing, as the hub's pages show it."""

from html import escape

from tornado import web


class LaunchError(web.HTTPError):
    """Says why nothing was started; pages that can hold a link offer the way back to the choice."""

    def __init__(self, status: int, message: str, back_url: str) -> None:
        super().__init__(status, message)
        self.jupyterhub_message = message
        self.jupyterhub_html_message = f'{escape(message)} <a href="{escape(back_url)}">Choose again</a>'
