"""PHP's constants that templates have a use for."""

from __future__ import annotations

import math

from tracking.rendering.twig.values import INT_MAX, INT_MIN, Value

_JSON = {
    "HEX_TAG": 1,
    "HEX_AMP": 2,
    "HEX_APOS": 4,
    "HEX_QUOT": 8,
    "FORCE_OBJECT": 16,
    "NUMERIC_CHECK": 32,
    "UNESCAPED_SLASHES": 64,
    "PRETTY_PRINT": 128,
    "UNESCAPED_UNICODE": 256,
    "PARTIAL_OUTPUT_ON_ERROR": 512,
    "PRESERVE_ZERO_FRACTION": 1024,
    "UNESCAPED_LINE_TERMINATORS": 2048,
    "OBJECT_AS_ARRAY": 1,
    "BIGINT_AS_STRING": 2,
    "INVALID_UTF8_IGNORE": 1048576,
    "INVALID_UTF8_SUBSTITUTE": 2097152,
    "THROW_ON_ERROR": 4194304,
}
_DATES = {
    "ATOM": "Y-m-d\\TH:i:sP",
    "COOKIE": "l, d-M-Y H:i:s T",
    "RFC822": "D, d M y H:i:s O",
    "RFC850": "l, d-M-y H:i:s T",
    "RFC1036": "D, d M y H:i:s O",
    "RFC1123": "D, d M Y H:i:s O",
    "RFC7231": "D, d M Y H:i:s \\G\\M\\T",
    "RFC2822": "D, d M Y H:i:s O",
    "RFC3339": "Y-m-d\\TH:i:sP",
    "RFC3339_EXTENDED": "Y-m-d\\TH:i:s.vP",
    "ISO8601": "Y-m-d\\TH:i:sO",
    "RSS": "D, d M Y H:i:s O",
    "W3C": "Y-m-d\\TH:i:sP",
}
_NUMBERS: dict[str, Value] = {
    "PHP_INT_MAX": INT_MAX,
    "PHP_INT_MIN": INT_MIN,
    "PHP_INT_SIZE": 8,
    "PHP_FLOAT_EPSILON": 2.220446049250313e-16,
    "PHP_FLOAT_MAX": 1.7976931348623157e308,
    "PHP_FLOAT_MIN": 2.2250738585072014e-308,
    "PHP_FLOAT_DIG": 15,
    "PHP_ROUND_HALF_UP": 1,
    "PHP_ROUND_HALF_DOWN": 2,
    "PHP_ROUND_HALF_EVEN": 3,
    "PHP_ROUND_HALF_ODD": 4,
    "NAN": math.nan,
    "INF": math.inf,
    "M_PI": math.pi,
    "M_E": math.e,
    "M_SQRT2": math.sqrt(2),
    "SORT_REGULAR": 0,
    "SORT_NUMERIC": 1,
    "SORT_STRING": 2,
    "ENT_QUOTES": 3,
    "ENT_COMPAT": 2,
    "ENT_NOQUOTES": 0,
    "E_ALL": 32767,
    "E_ERROR": 1,
    "E_WARNING": 2,
    "E_NOTICE": 8,
}
_TEXTS = {
    "PHP_EOL": "\n",
    "PHP_OS": "Linux",
    "PHP_OS_FAMILY": "Linux",
    "DIRECTORY_SEPARATOR": "/",
    "PATH_SEPARATOR": ":",
    "PHP_VERSION": "8.2.0",
    "PHP_MAJOR_VERSION": 8,
    "PHP_MINOR_VERSION": 2,
}

CONSTANTS: dict[str, Value] = {
    **{f"JSON_{name}": value for name, value in _JSON.items()},
    **{f"DATE_{name}": value for name, value in _DATES.items()},
    **{f"{kind}::{name}": value for kind in ("DateTime", "DateTimeInterface") for name, value in _DATES.items()},
    **_NUMBERS,
    **_TEXTS,
}
