# ruff: noqa: E501 - each case stays on its line
"""Identifiers in the many forms that notes hold them in, by kind; and what looks like them and stays."""

from __future__ import annotations

import pytest

from primum.privacy.deid import find

NAMES = [
    ("Bed 5 Oduya, sepsis", "Oduya"),
    ("1. Hartnell, Rosalind - CAP", "Hartnell, Rosalind"),
    ("PID|1||x^^^MRN||Doyle^Kathleen^M||", "Doyle^Kathleen^M"),
    ("Phoned Hughes re INR", "Hughes"),
    ("Discussed with Kaczmarek from haematology.", "Kaczmarek"),
    ("Operated on by Yamamoto last year.", "Yamamoto"),
    ("Cause certified by Dr. M. Toivonen", "M. Toivonen"),
    ("Mother (Olga) had breast cancer", "Olga"),
    ("Infant of Chinwe Eze.", "Chinwe Eze"),
    ("Lives with partner Rodrigo and two cats.", "Rodrigo"),
    ("Mr. and Mrs. Abernathy were counselled.", "Abernathy"),
    ('Pt known as "Bunny".', "Bunny"),
    ("Kind regards,\nIngrid Aasen", "Ingrid Aasen"),
    ("Nkosazana (mother) gave consent.", "Nkosazana"),
    ("firefighter Quigley pulled him out", "Quigley"),
    ("Anaesthetic: Dr B. Svensson. Cons: Pritchard.", "Pritchard"),
    ("PATIENT: OKONKWO, CHIDI", "OKONKWO, CHIDI"),
    ("Mr Young was seen. I advised Young to rest.", "Young"),
    ("Sig.ra Bianchi è ricoverata", "Bianchi"),
    ("孙悦因发热3天入院。", "孙悦"),
    ("请陆伟会诊。", "陆伟"),
    ("民警雷鸣（警号031245）到场。", "雷鸣"),
    ("外祖母葛玉兰陪同。", "葛玉兰"),
    ("采血员夏雪", "夏雪"),
    ("徐婷之子，出生体重3200g", "徐婷"),
    ("卓玛，女，藏族，34岁", "卓玛"),
    ("小王来电", "王"),
    ("patient maria kowalska seen by dr okafor today, chest clear", "maria kowalska"),
    ("patient maria kowalska seen by dr okafor today, chest clear", "okafor"),
    ("spoke with mr abernathy about the scan", "abernathy"),
    ("Patient: Young, Mary", "Young, Mary"),
]
OTHERS = [
    ("97F from NH", "97", "age"),
    ("Age/Sex: 92/F", "92", "age"),
    ("A 93 y F with CHF", "93", "age"),
    ("Pt is 96 and lives alone.", "96", "age"),
    ("her 95th birthday", "95", "age"),
    ("father died at 92", "92", "age"),
    ("eine 94-jährige Patientin", "94", "age"),
    ("男/90岁", "90", "age"),
    ("女，94，退休", "94", "age"),
    ("享年96岁", "96", "age"),
    ("94，女，退休", "94", "age"),
    ("review w/c 13/05", "13/05", "date"),
    ("04 11 2019 echo", "04 11 2019", "date"),
    ("geb. 4. 11. 1962", "4. 11. 1962", "date"),
    ("vue le 2 mars 2021", "le 2 mars 2021", "date"),
    ("Service: 01/02/23-01/05/23", "01/02/23-01/05/23", "date"),
    ("Christmas Day 2019", "Christmas Day 2019", "date"),
    ("2022.3行手术", "2022.3", "date"),
    ("Vehicle BD51 SMR struck a wall", "BD51 SMR", "vehicle"),
    ("Drove a blue Honda, tag KLR-4821.", "KLR-4821", "vehicle"),
    ("Licence SMITH912034JA9XY", "SMITH912034JA9XY", "licence_number"),
    ("NI number QQ 12 34 56 C", "QQ 12 34 56 C", "national_id"),
    ("AVS 756.1234.5678.97", "756.1234.5678.97", "national_id"),
    ("bleep 4421", "4421", "phone"),
    ("内线6123", "6123", "phone"),
    ("Via Garibaldi 12, 20121 Milano", "Via Garibaldi 12, 20121 Milano", "address"),
    ("c/o Hillcrest House, Mill Lane, Otley", "Hillcrest House, Mill Lane, Otley", "address"),
    ("住台北奇巖巷3段676號0樓", "台北奇巖巷3段676號0樓", "address"),
    ("evacuated near Mombasa, stable", "Mombasa", "place"),
    ("the Eastleigh ambulance station", "Eastleigh", "place"),
    ("Zorgverzekering W1659 94158.", "W1659 94158", "other_id"),
]
LEFT = [
    "Started Zovirax, Humira and Keflex; allergic to Coumadin. Given by mouth, followed by Tofacitinib.",
    "Wernicke encephalopathy, Zollinger-Ellison syndrome, Duane-radial ray syndrome, Dupuytren contracture.",
    "Auer rods seen. Candida albicans grew. I'm well, and I've no pain. Don't stop.",
    "Patient: Well, it hurts. Doctor: Good morning. Doctor: Can I assume you smoke? Patient: Oh, yes.",
    "hashimoto thyroiditis, crohn disease, foley in place. pt adm to hosp w/ pneumonia, given 1/2 NS",
    "Temp 98F, fever of 99F; power 5/5, pain 3/10, 1/2 tablet, O2 sat 94%, HR 96, BP 92/60.",
    "Seen in clinic in June. NECK: Supple. Long-term follow-up, X-ray normal.",
    "心率 92 次/分，血糖 9.4，男性，体重 92 kg，第91天。",
    "亲戚家的孩子，父母有高血压，公司体检，部位明显，卡托普利片。",
]


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_names_by_who_acts_and_by_form(text, name):
    found = [text[span.start : span.end] for span in find(text) if span.kind == "name"]
    assert name in found


@pytest.mark.parametrize(("text", "piece", "kind"), OTHERS)
def test_other_kinds_in_more_forms(text, piece, kind):
    found = {text[span.start : span.end]: span.kind for span in find(text)}
    assert found.get(piece) == kind


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_an_identifier_stays(text):
    assert [(span.kind, text[span.start : span.end]) for span in find(text)] == []
