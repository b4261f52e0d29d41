"""Which registrable domain a host belongs to, and which company a domain."""

import csv
from dataclasses import dataclass
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.data_file import ROOT, load_entries, require

_SHARED_CATEGORIES = frozenset({"hosting", "cdn"})


@dataclass(frozen=True, slots=True)
class Company:
    """Whose a domain is.

    Attributes:
        name: as the source writes it.
        shared: hosting or content delivery for anybody, so that the domain does not tell who receives.
        source: ``own`` or ``adguard``.
    """

    name: str
    shared: bool
    source: str


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_encoded_idn=True)


@lru_cache(maxsize=65536)
def registrable_domain(host: str) -> str:
    """The domain that somebody registered, by the bundled public suffix list: ``api.loan.example`` → ``loan.example``.

    Args:
        host: lower case, no port, no trailing dot, no IP address.

    Returns:
        The domain; ``host`` itself where it is a public suffix or a single label.
    """
    return _public_suffixes().privatesuffix(host) or host


def load_companies() -> dict[str, Company]:
    """Companies by domain; own entries win over AdGuard's. Raises KnowledgeError naming file and entry."""
    companies = _adguard()
    for where, entry in load_entries("domains", "companies"):
        company = Company(require(entry, "company", str, where), bool(entry.get("shared", False)), "own")
        companies.update(dict.fromkeys(require(entry, "domains", list, where), company))
    return companies


def _adguard() -> dict[str, Company]:
    path = ROOT / "domains" / "adguard.csv"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return {
                row["domain"]: Company(row["company_name"], row["category"] in _SHARED_CATEGORIES, "adguard")
                for row in csv.DictReader(stream)
                if row["company_name"]
            }
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{path.name}: cannot be read ({error})", "reinstall pia_runtime") from error
