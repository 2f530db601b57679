"""Zone abbreviations that PHP reads in a date text: name to seconds east of UTC, daylight saving included.

Source: PHP manual, timezone_abbreviations_list(); where a name means several zones, PHP takes the first.
"""

from __future__ import annotations

from typing import Final

_STANDARD = """
    acst:34200 aest:36000 ahst:-36000 akst:-32400 amt:-13840 ast:-14400 awst:28800 bmt:-14309 cast:34200 cat:7200
    cet:3600 cmt:-15408 cst:-21600 chst:36000 dmt:-1521 eat:10800 eet:7200 emt:-26248 est:-18000 ffmt:-14660
    fmt:-4056 gmt:0 gst:36000 hkt:28800 hmt:-19776 hst:-36000 imt:25025 ist:7200 jmt:8440 jst:32400 kmt:5736
    kst:30600 met:3600 mmt:9017 msk:10800 mst:-25200 nst:-12600 nzmt:41400 nzst:43200 pkt:18000 plmt:25590
    pmt:-13236 ppmt:-17340 pst:-28800 qmt:-18840 rmt:5794 sast:7200 sdmt:-16800 sjmt:-20173 smt:-13884 sst:-39600
    tbmt:10751 tmt:12344 uct:0 utc:0 wat:3600 wet:0 wib:25200 wita:28800 wit:32400 wmt:5040 yst:-32400 a:3600
    b:7200 c:10800 d:14400 e:18000 f:21600 g:25200 h:28800 i:32400 k:36000 l:39600 m:43200 n:-3600 o:-7200
    p:-10800 q:-14400 r:-18000 s:-21600 t:-25200 u:-28800 v:-32400 w:-36000 x:-39600 y:-43200 z:0
"""

_DAYLIGHT = """
    acdt:37800 addt:-7200 adt:-10800 aedt:39600 ahdt:-32400 akdt:-28800 apt:-10800 awdt:32400 awt:-10800 bdst:7200
    bdt:-36000 bst:3600 cddt:-14400 cdt:-18000 cemt:10800 cest:7200 cpt:-18000 cwt:-18000 eddt:-10800 edt:-14400
    eest:10800 ept:-14400 ewt:-14400 gdt:39600 hdt:-34200 hkst:32400 hpt:-34200 hwt:-34200 iddt:14400 idt:10800
    jdt:36000 kdt:36000 lst:9394 mddt:-18000 mdst:16279 mdt:-21600 mest:7200 mpt:-21600 msd:14400 mwt:-21600
    nddt:-5400 ndt:-9052 npt:-9000 nwt:-9000 nzdt:46800 pddt:-21600 pdt:-25200 pkst:21600 ppt:-25200 pwt:-25200
    wast:7200 wemt:7200 west:3600 yddt:-25200 ydt:-28800 ypt:-28800 ywt:-28800
"""


def _table(text: str, *, daylight: bool) -> dict[str, tuple[int, bool]]:
    pairs = (entry.split(":") for entry in text.split())
    return {name: (int(seconds), daylight) for name, seconds in pairs}


# lower-case abbreviation -> (seconds east of UTC, whether it is daylight saving time)
ABBREVIATIONS: Final[dict[str, tuple[int, bool]]] = _table(_STANDARD, daylight=False) | _table(_DAYLIGHT, daylight=True)
