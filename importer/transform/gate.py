"""What an `expr:` may say.

The gate is an allow-list: of characters, of words, of kinds of nodes in the parsed expression, of columns. What passes
looks at one row only, keeps the number of rows and reads nothing but the row.
"""

import re
from collections.abc import Collection

import polars as pl
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from importer.transform.texts import groups

MOST_CHARACTERS, MOST_NODES, MOST_NESTED, MOST_PADDING, MOST_REPLACEMENTS = 1000, 150, 24, 256, 3

QUOTED = re.compile(r"'(?:[^'\\]|'')*'|\"(?:[^\"\\]|\"\")*\"")
PLAIN = re.compile(r"[A-Za-z0-9_ \t\r\n.,()+*/%<>=!|-]*")
FUNCTIONS = frozenset(
    [
        "coalesce",
        "nullif",
        "if",
        "ifnull",
        "upper",
        "lower",
        "initcap",
        "trim",
        "ltrim",
        "rtrim",
        "length",
        "char_length",
        "left",
        "right",
        "substr",
        "substring",
        "replace",
        "reverse",
        "concat",
        "concat_ws",
        "starts_with",
        "ends_with",
        "strpos",
        "split_part",
        "lpad",
        "rpad",
        "regexp_like",
        "regexp_replace",
        "round",
        "abs",
        "sign",
        "floor",
        "ceil",
        "mod",
        "greatest",
        "least",
        "try_cast",
    ]
)
KEYWORDS = FUNCTIONS | frozenset(
    [
        "case",
        "when",
        "then",
        "else",
        "end",
        "and",
        "or",
        "not",
        "is",
        "null",
        "true",
        "false",
        "in",
        "like",
        "ilike",
        "between",
        "as",
        "double",
        "decimal",
        "text",
        "varchar",
    ]
)

NODES = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Neg, exp.Not, exp.And, exp.Or,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe, exp.Case,
    exp.If, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Coalesce, exp.Nullif, exp.Upper, exp.Lower,
    exp.Initcap, exp.Trim, exp.Length, exp.Left, exp.Right, exp.Substring, exp.Replace, exp.Reverse, exp.Concat,
    exp.ConcatWs, exp.StartsWith, exp.EndsWith, exp.StrPosition, exp.SplitPart, exp.Pad, exp.RegexpLike,
    exp.RegexpReplace, exp.Round, exp.Abs, exp.Sign, exp.Floor, exp.Ceil, exp.Greatest, exp.Least, exp.TryCast,
    exp.DataType, exp.DataTypeParam,
)  # fmt: skip
PATTERNED = (exp.Like, exp.ILike, exp.RegexpLike, exp.RegexpReplace, exp.SplitPart, exp.Replace)
GROWING = (exp.Replace, exp.RegexpReplace)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg)
RESULTS = (pl.String, pl.Boolean, pl.Null, pl.Decimal)


def names(text: str) -> set[str]:
    """The columns that the expression reads; none when it is no expression."""
    try:
        tree = sqlglot.parse_one(text)
    except (SqlglotError, RecursionError):
        return set()
    return {column.name for column in tree.find_all(exp.Column)}


def fault(text: str, columns: Collection[str]) -> str | None:
    """Why the expression does not pass, as a sentence; None when it does. `columns`: those it may read."""
    return _of_text(text, columns) or _of_tree(text, columns) or _of_engine(text, columns)


def _of_text(text: str, columns: Collection[str]) -> str | None:
    if len(text) > MOST_CHARACTERS:
        return f"the expression is longer than {MOST_CHARACTERS:,} characters."
    bare = QUOTED.sub(" ", text)
    strange = re.sub(PLAIN, "", bare)
    if strange or "--" in bare or "/*" in bare:
        mark = strange[0] if strange else "--" if "--" in bare else "/*"
        return f"`{mark}` has no place in an expression; columns with such a name stand in double quotes."
    for word in re.findall(r"[A-Za-z_]\w*", bare):
        if word.lower() not in KEYWORDS and word not in columns:
            if word.lower() in ("cast", "date", "strptime"):
                return f"`{word}` fails on a wrong value; write TRY_CAST, or the rule `date`."
            return f"`{word}` is neither a column of this mapping nor a word that expressions may use."
    return None


def _of_tree(text: str, columns: Collection[str]) -> str | None:
    try:
        [tree] = sqlglot.parse(text)
    except (SqlglotError, RecursionError, ValueError):
        return "this is no expression; write for example UPPER(brand) || '-' || sku."
    if tree is None:
        return "the expression is empty."
    nodes = list(tree.walk())
    if len(nodes) > MOST_NODES or any(node.depth > MOST_NESTED for node in nodes):
        return f"the expression has more than {MOST_NODES} parts or {MOST_NESTED} levels; divide it into columns."
    if sum(isinstance(node, GROWING) for node in nodes) > MOST_REPLACEMENTS:
        return f"an expression may replace {MOST_REPLACEMENTS} times at most; use the rule `replace`."
    return next((told for node in nodes if (told := _of_node(node, columns) or _of_types(node))), None)


def _of_node(node: exp.Expr, columns: Collection[str]) -> str | None:
    if type(node) not in NODES:
        return (
            f"`{node.sql()[:60]}` is not allowed in an expression, which looks at the cells of one row only."
        )
    if isinstance(node, exp.Column) and (node.table or node.name not in columns):
        return f"`{node.sql()}` is not a column of this mapping."
    if isinstance(node, exp.Pad) and not _padding(node):
        return f"LPAD and RPAD need a number up to {MOST_PADDING} as their width."
    if isinstance(node, PATTERNED) and not all(part.is_string for part in _arguments(node)):
        return f"`{node.sql()[:60]}`: what is looked for must be a text in quotes."
    if isinstance(node, exp.RegexpLike | exp.RegexpReplace):
        count = groups(node.expression.name)
        return f"the pattern {count}" if isinstance(count, str) else None
    return None


def _of_types(node: exp.Expr) -> str | None:
    if isinstance(node, ARITHMETIC) and any(_is_text(part) for part in node.iter_expressions()):
        return f"`{node.sql()[:60]}` calculates with a text; TRY_CAST(x AS DOUBLE) makes a number of one."
    return None


def _is_text(node: exp.Expr) -> bool:
    """A cell, or a text in quotes, as it stands."""
    inner = node.unnest()
    return isinstance(inner, exp.Column) or (isinstance(inner, exp.Literal) and inner.is_string)


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    found = [node.args.get(name) for name in ("expression", "delimiter", "replacement")]
    return [part for part in found if isinstance(part, exp.Expr)]


def _padding(node: exp.Pad) -> bool:
    width = node.expression
    return bool(width is not None and width.is_int and 0 <= int(width.name) <= MOST_PADDING)


def _of_engine(text: str, columns: Collection[str]) -> str | None:
    """Tried once on a small frame: what the engine cannot do, and results that are no cell."""
    frame = pl.DataFrame({name: ["1", None] for name in columns}, schema=dict.fromkeys(columns, pl.String))
    try:
        for branch in _branches(text):  # each alone: a branch that no row takes would not be tried
            frame.with_columns(pl.sql_expr(branch).alias("#found"))
        found = frame.with_columns(pl.sql_expr(text).alias("#found")).get_column("#found")
    except pl.exceptions.PolarsError as error:
        return f"{_first_line(error)}. All cells are texts; TRY_CAST(x AS DOUBLE) makes a number of one."
    if not (found.dtype.is_numeric() or found.dtype in RESULTS):
        return "the expression must give a text, a number, or true or false."
    return None


def _branches(text: str) -> list[str]:
    """The conditions and values of every CASE and IF."""
    parts = ("this", "true", "false", "default")
    found = (
        node.args.get(part) for node in sqlglot.parse_one(text).find_all(exp.Case, exp.If) for part in parts
    )
    return [part.sql() for part in found if isinstance(part, exp.Expr)]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")[:200]
