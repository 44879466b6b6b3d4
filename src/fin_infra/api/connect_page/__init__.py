"""A page on which a person links, repairs and ends their connections; rendered here, without a script.
Floor 7: `add_connect_page(app, ...)`; an app opens it for one of its users by a link that is used once."""

from fin_infra.api.connect_page.routes import add_connect_page

__all__ = ["add_connect_page"]
