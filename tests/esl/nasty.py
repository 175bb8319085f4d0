"""Texts that have a meaning somewhere on their way into a switch and out of it again."""

__all__ = ["NASTY", "REFUSED"]

# The switch gives these back unchanged, if they are escaped.
NASTY = (
    "plain",
    "two words",
    " blanks at both ends ",
    "a,b",
    "a=b",
    "O'Brien",
    "'",
    "''",
    'say "x"',
    "back\\slash",
    "\\",
    "\\\\n",
    "a\\nb\\sc\\rd\\te",
    "a^b",
    "^^:a:b",
    "[a]",
    "a[b",
    "a]b",
    "a;b=c;d",
    "a|b",
    "a&b()",
    "<a>",
    "a>b<",
    "$x",
    "100%",
    "%4",
    "%zz",
    "a\tb",
    "undef",
    "_undef_",
    "~a",
    "张三 李四",
    "😀",
    "caf\udce9",  # a byte that is not UTF-8
    "!@#$%^&*()",
    "a:b_c::",
    "x" * 5000,
)

# No escape carries these.
REFUSED = (
    "a\nb",
    "a\r\nb",
    "a\0b",
    "a\n\napi status",
    "{a}",
    "a}b",
    "a{b",
    "a:_:b",
    "${x}",
    "$\\{x}",
    "%41",
    "a%0Ab",
    "ARRAY::a|:b",
    "\ud800",
)
