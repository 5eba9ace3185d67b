"""Recovery is tested on the same sites as the live flows."""

from tests.integration.conftest import make_site, site

__all__ = ["make_site", "site"]
