"""Numbers and dates as a sheet shows them: its number formats, without what depends on who looks at it.

Kept are digits, decimals, leading zeros, percent signs, words and the order of a date. Left out are the marks between
thousands and currency signs; the decimal mark is a point. A date in "the format of the viewer" is written 2026-12-31.
"""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

GENERAL = "General"
BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "yyyy-mm-dd",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "0.0E+0", 49: "@",
}  # fmt: skip
TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(-[^\]]*)?\]|\[([^\]]*)\]|_.|\*.|(AM/PM|A/P|General|E[+-]|[ymdhs]+|[0#?.,]+|.)',
    re.IGNORECASE,
)
DATE = re.compile(r"^[ymdhs]+$", re.IGNORECASE)
CURRENCY = str.maketrans("", "", "€$£¥ ")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
DIGITS = 15
"""What a spreadsheet keeps of a number."""
LAST_DAY = 2_958_466


def shown(raw: str, code: str, *, since_1904: bool = False) -> str:
    """The text of a number cell. Raises ValueError when `raw` is no number."""
    number = plain(raw)
    sections = re.findall(r'(?:"[^"]*"|\\.|[^;"\\])+', code) or [GENERAL]
    section = sections[1] if number < 0 and len(sections) > 1 else sections[0]
    section = sections[2] if number == 0 and len(sections) > 2 else section
    tokens = [match.groups() for match in TOKEN.finditer(section)]
    if any(mark and DATE.match(mark) for *_, mark in tokens) or any(
        part in ("h", "m", "s") for *_, part, _ in tokens
    ):
        return _date(number, tokens, section, since_1904=since_1904)
    if (
        GENERAL.lower() in section.lower()
        or "@" in section
        or "/" in section
        or not re.search("[0#?]", section)
    ):
        return text(number)
    return _number(-number if number < 0 and len(sections) > 1 else number, tokens, negative=number < 0)


def plain(raw: str) -> Decimal:
    """The number that is meant: 0.1 + 0.2 is kept as 0.30000000000000004 and shown as 0.3."""
    try:
        return Decimal(f"{float(raw):.{DIGITS}g}") if len(raw) > DIGITS else Decimal(raw)
    except ArithmeticError as error:
        raise ValueError(raw) from error


def text(number: Decimal) -> str:
    """All digits, no exponent, no needless zeros."""
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def is_date(code: str) -> bool:
    return any(match[6] and DATE.match(match[6]) for match in TOKEN.finditer(code))


def _number(number: Decimal, tokens: list[tuple[str, ...]], *, negative: bool) -> str:
    if any(mark and mark[0] in "Ee" and len(mark) == 2 for *_, mark in tokens):
        count = len(re.sub("[^0#?]", "", _before_exponent(tokens)))
        return f"{number:.{count}E}"
    percents = sum(mark == "%" for *_, mark in tokens)
    places = "".join(mark for *_, mark in tokens if mark and mark[0] in "0#?.,")
    digits = _digits(number * Decimal(100) ** percents, places)
    written, done = "-" if negative and digits.strip("0.") else "", False
    for quoted, escaped, _, _, _, mark in tokens:
        if mark and mark[0] in "0#?.,":
            written, done = (written, True) if done else (written + digits, True)
        elif mark not in ("-", "(", ")"):
            written += _word(quoted) if quoted else (escaped or mark or "").translate(CURRENCY)
    return written.strip()


def _digits(number: Decimal, places: str) -> str:
    """Rounded as `#,##0.00` says; a comma at the end of the whole places leaves out three digits."""
    whole, _, decimals = places.partition(".")
    scaled = abs(number) / Decimal(1000) ** (len(places) - len(places.rstrip(",")))
    decimals = decimals.rstrip(",")
    rounded = scaled.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    before, _, behind = f"{rounded:f}".partition(".")
    needed = len(decimals.rstrip("#?"))
    behind = behind[:needed] + behind[needed:].rstrip("0")
    before = before.lstrip("0").rjust(max(whole.count("0"), 1), "0")
    return before + (f".{behind}" if behind else "")


def _word(quoted: str) -> str:
    return "" if not quoted.translate(CURRENCY) else quoted


def _before_exponent(tokens: list[tuple[str, ...]]) -> str:
    places = ""
    for *_, mark in tokens:
        if mark and mark[0] in "Ee" and len(mark) == 2:
            break
        places += mark if mark and mark[0] in "0#?." else ""
    return places.partition(".")[2]


def _date(number: Decimal, tokens: list[tuple[str, ...]], section: str, *, since_1904: bool) -> str:
    if not 0 <= number < LAST_DAY:
        return text(number)
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if number >= 60 else 31)  # noqa: DTZ001
    day = start + timedelta(milliseconds=round(float(number) * 86_400_000))
    if "[$-F800]" in section or "sysdate" in section:
        return f"{day:%Y-%m-%d}"
    half = any(mark and mark.upper() in ("AM/PM", "A/P") for *_, mark in tokens)
    written, before = "", ""
    for place, (quoted, escaped, _, _, elapsed, mark) in enumerate(tokens):
        if elapsed and elapsed.lower() in ("h", "hh"):
            written, before = written + str(int(number * 24)), "h"
        elif mark and DATE.match(mark):
            behind = next((m for *_, m in tokens[place + 1 :] if m and DATE.match(m)), "")
            minute = mark[0] in "mM" and len(mark) < 3 and (before in ("h", "H") or behind[:1] in ("s", "S"))
            written, before = written + _part(day, mark.lower(), minute=bool(minute), half=half), mark[0]
        else:
            written += quoted or escaped or _time_mark(day, mark or "")
    return written.strip()


def _time_mark(day: datetime, mark: str) -> str:
    if mark.upper() in ("AM/PM", "A/P"):
        return f"{day:%p}"
    if mark.startswith(".0"):
        return f".{day.microsecond // 1000:03d}"[: len(mark)]
    return mark


def _part(day: datetime, mark: str, *, minute: bool, half: bool) -> str:
    size = len(mark)
    if mark[0] == "y":
        return f"{day.year:04d}" if size > 2 else f"{day.year % 100:02d}"
    if mark[0] == "m" and not minute and size > 2:
        return MONTHS[day.month - 1][: 3 if size == 3 else 1 if size == 5 else None]
    if mark[0] == "d" and size > 2:
        return DAYS[day.weekday()][: 3 if size == 3 else None]
    hour = (day.hour % 12 or 12) if half else day.hour
    value = {"m": day.minute if minute else day.month, "d": day.day, "h": hour, "s": day.second}[mark[0]]
    return f"{value:02d}" if size > 1 else str(value)
