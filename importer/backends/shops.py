"""The configured shops (port `Shops`): one reader and one backend each, opened when first asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from importer.backends import BACKENDS
from importer.backends.magento.access import Access
from importer.backends.magento.backend import MagentoBackend, MagentoReader
from importer.domain.errors import ShopsMissing, UnknownName
from importer.domain.mapping import suggestion
from importer.ports import Backend, ShopLimits, ShopReader


@dataclass(frozen=True, kw_only=True)
class Shop:
    system: str
    access: Access
    limits: ShopLimits


class ConfiguredShops:
    def __init__(self, shops: Mapping[str, Shop]) -> None:
        self._shops = shops
        self._readers: dict[str, MagentoReader] = {}
        self._backends: dict[str, MagentoBackend] = {}

    def names(self) -> list[str]:
        return sorted(self._shops)

    def limits(self, name: str) -> ShopLimits:
        return self.shop(name).limits

    def reader(self, name: str) -> ShopReader:
        if name not in self._readers:
            shop = self.shop(name)
            self._readers[name] = BACKENDS[shop.system][0](shop.access)
        return self._readers[name]

    def backend(self, name: str) -> Backend:
        if name not in self._backends:
            shop = self.shop(name)
            self._backends[name] = BACKENDS[shop.system][1](shop.access)
        return self._backends[name]

    async def close(self) -> None:
        for open_one in (*self._readers.values(), *self._backends.values()):
            await open_one.close()

    def shop(self, name: str) -> Shop:
        """Raises UnknownName, ShopsMissing."""
        if not self._shops:
            raise ShopsMissing(
                "No shop is configured. Write one into importer.toml:\n"
                '  [shops.main]\n  base_url = "https://shop.example.com"\n  token = "..."\n'
                "or set IMPORTER_SHOPS__MAIN__BASE_URL and IMPORTER_SHOPS__MAIN__TOKEN."
            )
        if name not in self._shops:
            raise UnknownName(f"There is no shop `{name}`{suggestion(name, self.names())}")
        return self._shops[name]
