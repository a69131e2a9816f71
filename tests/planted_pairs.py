"""Faults in the pairing of languages."""

from planted import Planted, code, pair

PLANTED = {
    "pair": [
        Planted(
            fault='+++ {"lang": "fr"}\n\nUn séjour. ⟵\n\n' + code("x = 1"),
            near_miss=pair("Un séjour.", "A stay.") + code("x = 1"),
            says=("its English is missing", "write it just after"),
        ),
        Planted(
            fault='+++ {"lang": "en"}\n\nA stay. ⟵\n\n+++ {"lang": "fr"}\n\nUn séjour.\n',
            near_miss=pair("Un séjour.", "A stay.") + pair("Un lit.", "A bed."),
            says=("English without its French",),
        ),
    ],
}
