"""The public sessions of Zenodo record 583331 (O'Doherty, Cardoso, Makin, Sabes 2017, CC-BY 4.0).

Six of them, I1-I3 of monkey Indy and L1-L3 of monkey Loco, are the sessions of NeuroBench's
primate-reaching task and of the IEEE BioCAS 2024 Grand Challenge. Their digests are those of
NeuroBench's loader. The others serve to pretrain a decoder on the same monkey.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Session:
    """One recording session.

    Attributes:
        name: the file's name without its suffix, e.g. ``indy_20160622_01``.
        channels: recording channels (electrodes) in the file.
        id: short name, ``I1`` to ``L3`` for those of the challenge; None for the other sessions.
        md5: digest of the published file, where NeuroBench's loader states it.
        test_steps: samples in NeuroBench's test split.
        test_events: input events (one bit a channel and step) in the test split.
        subject: who was recorded, e.g. ``indy``, if known.
        suffix: of the file's name: ``.mat``, or ``.h5`` of the format for recordings of one's own.
    """

    name: str
    channels: int
    id: str | None = None
    md5: str | None = None
    test_steps: int | None = None
    test_events: int | None = None
    subject: str | None = None
    suffix: str = ".mat"

    @property
    def label(self) -> str:
        """Short name for people: the challenge id where there is one."""
        return self.id or self.name


_CHALLENGE = (
    Session("indy_20160622_01", 96, "I1", "c33d5fff31320d709d23fe445561fb6e", 132_745, 1_052_847),
    Session("indy_20160630_01", 96, "I2", "197413a5339630ea926cbd22b8b43338", 107_444, 524_200),
    Session("indy_20170131_02", 96, "I3", "2790b1c869564afaa7772dbf9e42d784", 52_116, 193_287),
    Session("loco_20170210_03", 192, "L1", "4cae63b58c4cb9c8abd44929216c703b", 137_545, 1_403_569),
    Session("loco_20170215_02", 192, "L2", "739b70762d838f3a1f358733c426bb02", 76_537, 855_700),
    Session("loco_20170301_05", 192, "L3", "47342da09f9c950050c9213c3df38ea3", 113_636, 1_329_763),
)

# Indy's first seven recordings come from two arrays, in M1 and S1; his later ones from M1 alone.
# Source: conf/data/pretrain_filenames/all-data.yaml of github.com/fmi-basel/neural-decoding-RSNN,
# which leaves exactly these seven out of pretraining as having 192 channels.
_INDY_M1_AND_S1 = """
20160407_02 20160411_01 20160411_02 20160418_01 20160419_01 20160420_01 20160426_01
"""
_INDY_M1 = """
20160622_01 20160624_03 20160627_01 20160630_01 20160915_01 20160916_01 20160921_01 20160927_04
20160927_06 20160930_02 20160930_05 20161005_06 20161006_02 20161007_02 20161011_03 20161013_03
20161014_04 20161017_02 20161024_03 20161025_04 20161026_03 20161027_03 20161206_02 20161207_02
20161212_02 20161220_02 20170123_02 20170124_01 20170127_03 20170131_02
"""
_LOCO_M1_AND_S1 = """
20170210_03 20170213_02 20170214_02 20170215_02 20170216_02 20170217_02 20170227_04 20170228_02
20170301_05 20170302_02
"""


def _listed(monkey: str, channels: int, dates: str) -> tuple[Session, ...]:
    """Sessions of a list above; the challenge's own keep what is known of them."""
    known = {session.name: session for session in _CHALLENGE}
    names = [f"{monkey}_{date}" for date in dates.split()]
    listed = [known.get(name, Session(name, channels)) for name in names]
    return tuple(replace(session, subject=monkey) for session in listed)


PUBLIC_SESSIONS: tuple[Session, ...] = (
    *_listed("indy", 192, _INDY_M1_AND_S1),
    *_listed("indy", 96, _INDY_M1),
    *_listed("loco", 192, _LOCO_M1_AND_S1),
)
"""All 47 sessions of the record, by monkey and date."""
