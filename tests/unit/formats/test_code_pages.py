"""Text in a Windows code page: the page that reads it right is chosen, or a doubt names it; nothing is guessed silently."""

# ruff: noqa: RUF001 - words of other scripts

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from importer import formats
from importer.domain.errors import RequestError
from importer.domain.mapping import Column, Mapping, Request
from importer.formats import pages
from importer.transform.binding import bind

TEXTS = {
    (
        "cp1252",
        "German",
    ): "Käse Südtirol für große Gäste Brötchen Öl Müsli Weißbier Tür Größe ÜBERGRÖSSE Jägermeister",
    (
        "cp1252",
        "French",
    ): "Crème brûlée Pâté affiné Thé à gâteau Forêt château Œufs été garçon maïs PÂTÉ Noël",
    ("cp1252", "Spanish"): "Piñata mañana niño camión jamón ibérico azúcar limón plátano pingüino AÑO",
    ("cp1252", "Danish"): "Rødgrød fløde Smørrebrød Blåbær kød æble pålæg Brød ØL",
    ("cp1250", "Polish"): "Łódź żółć gęślą jaźń biały Masło żytni Śmietana Kiełbasa wędzona koń pieś ŻÓŁTY",
    ("cp1250", "Czech"): "Žluťoučký kůň příliš Sýr Máslo Chléb žitný zelený Čaj křišťál Třešně ŘEZNÍK",
    (
        "cp1250",
        "Hungarian",
    ): "Sör Túró Őszibarack lekvár Fűszerpaprika Tökmagolaj kenyér tejföl gyümölcs GYŐR szőlő hűtő főző",
    (
        "cp1251",
        "Russian",
    ): "Масло сливочное Сыр твёрдый Хлеб ржаной Молоко топлёное Чай зелёный цена название ЦЕНА",
    ("cp1251", "Bulgarian"): "Хляб ръжен Сирене краве Кисело мляко Шопска салата Лютеница цена ЧЕРВЕН пипер",
    ("cp1251", "Ukrainian"): "Хліб житній Сир твердий їжа молоко олія соняшникова цукор ПШЕНИЦЯ назва ціна",
    (
        "cp1253",
        "Greek",
    ): "Ελαιόλαδο παρθένο Τυρί φέτα Ψωμί σίκαλης Μέλι Κρασί λευκό ΤΙΜΗ όνομα κωδικός ντομάτα",
    (
        "cp1254",
        "Turkish",
    ): "Zeytinyağı Çay Şeker Kırmızı biber İstanbul Süt ağaç Işık çiğköfte peynir yoğurt FIRIN",
    ("cp1257", "Latvian"): "Rūpjmaize sieriņš Zaļā tēja Ķiploki Ābolu žāvēta Šokolāde ķimeņu piens ŪDENS",
    ("cp1257", "Lithuanian"): "ruginė Sūris Žalioji Šaltibarščiai ąžuolų mėsa žuvis šviežias rūkytas ŽĄSIS",
}
"""Code page and language -> words as they stand in a shop's file."""

CASES = st.sampled_from(sorted(TEXTS)).flatmap(
    lambda case: st.tuples(
        st.just(case[0]), st.lists(st.sampled_from(TEXTS[case].split()), min_size=1, max_size=20)
    )
)


def found(text: str, page: str, path: Path) -> formats.Header:
    path.write_bytes(text.encode(page))
    return formats.header(path, path.name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


@given(CASES)
def test_the_right_page_is_chosen_or_the_doubt_names_it(case: tuple[str, list[str]]) -> None:
    page, words = case
    text = "sku;name\n" + "".join(f"a{n};{word}\n" for n, word in enumerate(words))
    if text.isascii():
        return
    seen = pages.recognise(text.encode(page))

    right = text.encode(page).decode(seen.page, "replace") == text
    assert right or page in seen.others
    assert right or page in seen.doubt


@pytest.mark.parametrize(("page", "language"), TEXTS)
def test_ten_words_leave_no_doubt(page: str, language: str, path: Path) -> None:
    text = "sku;name\n" + "".join(f"a{n};{word}\n" for n, word in enumerate(TEXTS[page, language].split()))
    head = found(text, page, path)

    assert text.encode(page).decode(str(head.reading.encoding)) == text
    assert head.doubts == []


@pytest.mark.parametrize("language", ["Russian", "Greek"])
def test_a_header_in_its_own_script_is_read_as_such(language: str, path: Path) -> None:
    page = "cp1251" if language == "Russian" else "cp1253"
    first, second, *rest = TEXTS[page, language].split()
    head = found(f"{first};{second}\n" + "".join(f"{word};{n}\n" for n, word in enumerate(rest)), page, path)

    assert head.names == (first, second)
    assert head.doubts == []


def test_one_word_that_several_pages_read_as_a_word_is_doubted_with_both_readings(path: Path) -> None:
    head = found("sku;name\na;Jalapeño\n", "cp1252", path)

    assert head.reading.encoding == "cp1252"
    [doubt] = head.doubts
    assert "it could be Windows-1250 (cp1250) (`Jalapeńo` instead of `Jalapeño`)" in doubt
    assert "--encoding" in doubt


def test_pages_that_read_every_word_alike_leave_no_doubt(path: Path) -> None:
    assert found("sku;name\na;Käse\n", "cp1252", path).doubts == []


@pytest.mark.parametrize("encoding", ["cp850", "cp852", "cp866", "iso-8859-2"])
def test_a_text_that_reads_badly_in_every_page_is_doubted(encoding: str, path: Path) -> None:
    words = {"cp850": "Käse Südtirol große Gäste Müsli", "cp866": "Масло сливочное Сыр твёрдый Хлеб ржаной"}
    text = words.get(encoding, "Łódź żółć gęślą jaźń Ser biały Śmietana")
    [doubt] = found("sku;name\na;" + "\nb;".join(text.split()) + "\n", encoding, path).doubts

    assert "does not read well in any Windows code page" in doubt


def test_a_page_that_was_said_is_not_doubted(path: Path) -> None:
    path.write_bytes("sku;name\na;Jalapeño\n".encode("cp1252"))

    assert formats.header(path, "a.csv", formats.Reading(encoding="cp1250")).doubts == []


def test_a_missing_column_of_a_doubtful_file_names_the_doubt(path: Path) -> None:
    head = found("sku;año\na;1\n", "cp1252", path)
    mapping = Mapping(
        name="m",
        title="",
        entity="product",
        request=Request(method="POST", path="/V1/products", idempotent=True),
        keys=("sku",),
        columns={name: Column(name=name, required=True) for name in ("sku", "ańo")},
    )

    with pytest.raises(RequestError, match=r"no column ańo.*could be Windows-1250 \(cp1250\)"):
        bind(mapping, head.own, head.literal, head.hints)
