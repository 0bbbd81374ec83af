"""What the settings allow sources to reach, and how to log in there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Login:
    """For one host, or one bucket. Secrets are shown nowhere."""

    host: str
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    key_file: Path | None = None
    endpoint: str = ""
    region: str = ""


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """`roots`: folders of this machine below which files may be taken. `hosts`: those of the inner network that may be
    called. `known_hosts`: the file with the keys of SFTP servers."""

    roots: Sequence[Path] = ()
    hosts: Collection[str] = ()
    logins: Sequence[Login] = ()
    known_hosts: Path | None = None

    def login(self, host: str, user: str | None = None) -> Login | None:
        """The one for this host; of several the one of the user."""
        fitting = [one for one in self.logins if one.host.lower() == host.lower()]
        return next((one for one in fitting if user in (None, one.user)), None)
