# ruff: noqa: E501 - each template stays whole
"""Labelled notes for `deid.py`: clinical templates in English and Chinese, filled with made-up identifiers.

`NOTES` are those that the rules were developed with; `HELD_OUT` were written before and not looked at while doing so.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

ORIGINS = {
    "English": "en_US", "British": "en_GB", "Indian": "en_IN", "Spanish": "es_MX", "German": "de_DE", "French": "fr_FR",
    "Polish": "pl_PL", "Italian": "it_IT", "Vietnamese": "vi_VN", "Turkish": "tr_TR", "Nigerian": "yo_NG", "Ghanaian": "tw_GH",
    "Portuguese": "pt_BR", "Finnish": "fi_FI",
}  # fmt: skip
UNLISTED = "of no list"

NOTES = {
    "en": [
        "Patient: {name}\nDOB: {date}\nMRN: {record_number}\nAddress: {address}\nPhone: {phone}\n\nThe patient is a 54-year-old man with hypertension who takes lisinopril 10 mg daily.",
        "{name} was admitted on {date} with chest pain. Troponin 0.04 ng/mL, BP 132/84. Discussed with Dr. {name}, who agreed.",
        "Mr. {surname} is an {age}-year-old gentleman followed by Dr. {surname} for Parkinson's disease. SSN {national_id}.",
        "Discharge summary for {name} ({record_number_labelled}). Admitted {date}, discharged {date}. Contact her daughter {name} at {phone} or {email}.",
        "Seen in clinic {date}. Insurance: member ID {insurance_number}. Account number {account_number}. Fax {fax}. Plan: metformin 500 mg BID, HbA1c 7.2 %.",
        "Referred by {name}, MD. Lives at {address}. Driver's license {licence_number}; vehicle plate {vehicle}. Pacemaker serial number {device}.",
        "Telehealth visit from IP {ip}. Portal: {url}. Mrs. {surname} reports 3/10 pain and denies fever. NHS number {nhs}.",
        "{name} presents with a two-day history of headache. Her husband {name} drove her from {city}. CT head negative. Follow up {date}.",
        "Electronically signed by: {name}, RN on {date}\nAccession: {other_id}\nK 4.1, Na 139, creatinine 1.02 mg/dL",
        "Surgery performed at {hospital} by Dr. {name}. IBAN {iban}. Photo {photo} uploaded; fingerprint ID {biometric}.",
    ],
    "zh": [
        "患者{name}，女，45岁，因反复咳嗽3天于{date}入院。住院号：{record_number}，身份证号：{national_id}，联系电话：{phone}。",
        "姓名：{name}  性别：男  年龄：{age}岁\n家庭住址：{address}\n联系人：{name}  电话：{phone}\n诊断：2型糖尿病，空腹血糖8.9mmol/L。",
        "{date}，{name}医师查房：患者诉胸闷好转，血压130/80mmHg，继续阿司匹林100mg qd。",
        "主诉：头晕1周。现病史：患者于{date}在{hospital}就诊，查头颅CT未见异常。医保号{insurance_number}。主治医师：{name}",
        "患者家属{name}（手机{phone}）要求复印病历，邮箱{email}。车牌{vehicle}。银行卡号：{account_number}。",
        "{name}，男，67岁，退休，住{address}。高血压病史10年，规律服用氨氯地平5mg。",
        "门诊号：{record_number}。患者{name}昨日夜间出现腹痛，由其儿子{name}陪同来院。体温37.8℃。",
        "护照号：{licence_number}，患者为{city}人，{date}出现发热。报告医师：{name}，审核医师：{name}。",
    ],
}  # fmt: skip
HELD_OUT = {
    "en": [
        "RE: {name}, {date}\nDear Dr. {surname},\nThank you for referring this pleasant 61-year-old lady with osteoarthritis of the left knee. She can be reached on {phone}.\nYours sincerely,\n{name}",
        "Name: {last_first}   Sex: F   Date of birth: {date}   Hospital number: {record_number}\nHome address: {address}\nNext of kin: {name} (husband), tel. {phone}",
        "Ms. {surname} called the clinic on {date} to report nausea after starting sertraline 50 mg. I spoke with her son, {name}. Please send records to {email}.",
        "Emergency contact - {name}, {phone}. Subscriber number: {insurance_number}. Social security number: {national_id}. Glucose 5.6 mmol/L.",
        "Operative note. Surgeon: {name}. Assistant: {name}. Device: Medtronic stimulator, serial no. {device}. Blood loss 150 mL. Date of surgery {date}.",
        "{name}, aged {age}, lives alone in {city} and walks with a frame. Warfarin 3 mg; INR 2.4 on {date}. Transferred from {hospital}.",
        "Nurse {surname} noted that the patient, {name}, was drowsy at 03:15. Apgar 8 and 9. NHS No: {nhs}. Lab ref {other_id}.",
        "Billing: card {account_number}; passport {licence_number}; car registration {vehicle}. Images at {url} from host {ip}.",
    ],
    "zh": [
        "入院记录\n姓名：{name}\n出生日期：{date}\n身份证：{national_id}\n现住址：{address}\n电话：{phone}\n入院时间：{date}\n患者3天前受凉后出现发热，最高体温39.2℃。",
        "会诊意见：{name}教授于{date}会诊，建议行冠脉造影。患者{name}及其妻子{name}表示同意。",
        "病人{name}，{age}岁，住院号{record_number}，既往帕金森病史，服用多巴丝肼125mg tid。",
        "出院小结：{name}女士，{date}出院，于{hospital}门诊随访。医保卡号：{insurance_number}。如有不适请致电{phone}。",
        "手术者：{name}  助手：{name}  麻醉医师：{name}\n手术日期：{date}\n术中出血约50ml。",
        "感谢{name}主任的精心治疗。我家在{address}，邮箱是{email}。",
    ],
}  # fmt: skip
NEGATIVE = {
    "en": [
        "Lyme disease was excluded; Parkinson disease and Crohn's disease were discussed.", "A Foley catheter was placed and a Jackson-Pratt drain removed.",
        "Glasgow Coma Scale 14, Apgar scores 8 and 9, Babinski sign negative.", "WBC 11.2, Hgb 9.8, platelets 250,000, INR 1.4, lactate 2.1 mmol/L.",
        "Take amoxicillin 500 mg three times daily for 7 days, then Augmentin 875/125 mg.", "BP 120/80 mmHg, HR 72, RR 16, SpO2 98% on 2 L, temperature 98.6 F.",
        "Epstein-Barr virus and Hodgkin lymphoma; Guillain-Barre syndrome ruled out.", "Wilson disease, Graves disease, Addison's disease and Cushing syndrome were considered.",
        "Strength 5/5, reflexes 2+, pain 3/10, NYHA class II, ASA 3, Gleason 3+4=7.", "The 72-year-old woman has had diabetes for 15 years; ejection fraction 35-40 %.",
        "Lisinopril 10 mg PO daily, Lasix 40 mg IV, Tylenol 650 mg PRN, insulin glargine 24 units.", "Charcot-Marie-Tooth disease, Marfan syndrome and Down syndrome run in the family.",
        "CT Abdomen and Pelvis With Contrast; MRI Brain Without Contrast; T1-weighted, L4-L5 disc.", "Colles fracture reduced under a Bier block; McBurney point tender, Murphy sign positive.",
        "HbA1c 7.4 %, LDL 101 mg/dL, TSH 2.31 mIU/L, eGFR >60, vitamin D 18 ng/mL.", "ICD-10 code E11.9 and CPT 99213; NCT01234567 excluded.",
    ],
    "zh": [
        "血常规：白细胞11.2×10^9/L，血红蛋白98g/L，血小板250×10^9/L。", "高血压病史10年，黄疸2天，严重腹痛，白细胞升高，全身乏力。",
        "患者既往帕金森病、克罗恩病，否认莱姆病史。", "阿莫西林0.5g tid，头孢克肟100mg bid，连用7天。", "格拉斯哥昏迷评分14分，巴宾斯基征阴性，墨菲征阳性。",
        "患者时常头晕，常于晨起加重，安静休息后好转。", "血压130/80mmHg，心率72次/分，体温36.8℃，血氧饱和度98%。", "建议去当地正规医院消化内科就诊，完善胃镜检查。",
        "霍奇金淋巴瘤、格林巴利综合征待排，行腰椎穿刺。", "糖化血红蛋白7.4%，低密度脂蛋白3.1mmol/L，肌酐88umol/L。", "服用二甲双胍500mg每日2次，胰岛素12单位睡前皮下注射。",
        "3月龄婴儿，生长发育正常，于1年前开始反复咳嗽。", "查体：双肺呼吸音清，全腹软，麦氏点无压痛。", "左室射血分数55%，二尖瓣轻度反流，房颤待查。",
    ],
}  # fmt: skip

_HOLE = re.compile(r"\{(\w+)\}")
_ALIAS = {"surname": "name", "last_first": "name", "nhs": "national_id", "iban": "account_number", "city": "place", "hospital": "organisation", "record_number_labelled": "record_number"}  # fmt: skip


class Filler:
    """Makes identifiers: names of one origin, everything else by rule.

    Args:
        lang: en or zh.
        seed: of every draw.
    """

    def __init__(self, lang: str, seed: int) -> None:
        from faker import Faker

        self.lang, self.rng = lang, random.Random(seed)
        locales = sorted(set(ORIGINS.values())) if lang == "en" else ["zh_CN"]
        self.fakers: dict[str, Any] = {locale: Faker(locale) for locale in locales}
        for number, one in enumerate(self.fakers.values()):
            one.seed_instance(seed + number)
        self.base = self.fakers["en_US" if lang == "en" else "zh_CN"]

    def note(self, template: str, origin: str) -> dict[str, Any]:
        """Return a template filled: text, spans, lang and group."""
        parts, spans, place, at = [], [], 0, 0
        for hole in _HOLE.finditer(template):
            parts.append(template[place : hole.start()])
            at += hole.start() - place
            value = self._value(hole[1], origin)
            lead = len(value) - len(value.partition("\0")[2]) if "\0" in value else 0
            value = value.replace("\0", "")
            lead = max(0, lead - 1)
            spans.append({"start": at + lead, "end": at + len(value), "kind": _ALIAS.get(hole[1], hole[1])})
            parts.append(value)
            at += len(value)
            place = hole.end()
        parts.append(template[place:])
        return {"text": "".join(parts), "spans": spans, "lang": self.lang, "group": origin}

    def _value(self, kind: str, origin: str) -> str:
        own: Callable[..., str] | None = getattr(self, f"_{kind}", None)
        return own(origin) if kind in ("name", "surname", "last_first") and own else own() if own else self._code(kind)

    def _name(self, origin: str) -> str:
        if self.lang == "zh":
            return self._zh_name(origin)
        if origin == UNLISTED:
            return f"{self._made_up()} {self._made_up()}"
        one = self.fakers[ORIGINS[origin]]
        return f"{one.first_name()} {one.last_name()}"

    def _surname(self, origin: str) -> str:
        return self._made_up() if origin == UNLISTED else str(self.fakers[ORIGINS[origin]].last_name())

    def _last_first(self, origin: str) -> str:
        first, _, last = self._name(origin).partition(" ")
        return f"{last}, {first}"

    def _made_up(self) -> str:
        onsets, vowels = "b ch d dr f g k kh l m n ny p r s sh t th v z".split(), "a e i o u ai ou ia".split()
        return "".join(
            self.rng.choice(onsets) + self.rng.choice(vowels) for _ in range(self.rng.choice((2, 3)))
        ).capitalize()

    def _zh_name(self, origin: str) -> str:
        if origin == "compound":
            return self.rng.choice("欧阳 司马 上官 诸葛 慕容 皇甫 令狐 夏侯 东方 尉迟".split()) + self.rng.choice(
                "静 建国 丽华 明 子轩 浩然 雪梅 伟".split()
            )
        if origin == "minority":
            return (
                self.rng.choice("阿依古丽 买买提 艾力 古丽娜尔 次仁 巴特尔".split())
                + "·"
                + self.rng.choice("阿布都拉 吐尔逊 多吉 热合曼 卓玛".split())
            )
        if origin == "wide":
            return self.rng.choice(
                "冯 褚 卫 尤 许 吕 施 孔 曹 姜 戚 谢 邹 喻 章 苏 潘 葛 奚 范 彭 韦 昌 苗 凤 花 俞 任 袁 柳 鲍 史 唐 费 廉 岑 薛 雷 贺 倪 汤".split()
            ) + "".join(
                self.rng.choice("梓涵俊宇晨曦欣怡思诗婷嘉泽瑶昊天佳琪若彤雨泽沐宸语桐")
                for _ in range(self.rng.choice((1, 2)))
            )
        return str(self.base.name())

    def _date(self) -> str:
        year, month, day = self.rng.randint(1935, 2024), self.rng.randint(1, 12), self.rng.randint(1, 28)
        if self.lang == "zh":
            return self.rng.choice(
                [
                    f"{year}年{month}月{day}日",
                    f"{year}-{month:02}-{day:02}",
                    f"{year}.{month}.{day}",
                    f"{year}/{month:02}/{day:02}",
                    f"{month}月{day}日",
                    f"{year}年{month}月",
                ]
            )
        name = "January February March April May June July August September October November December".split()[
            month - 1
        ]
        return self.rng.choice(
            [
                f"{month:02}/{day:02}/{year}",
                f"{month}/{day}/{year % 100:02}",
                f"{name} {day}, {year}",
                f"{day} {name} {year}",
                f"{year}-{month:02}-{day:02}",
                f"{name[:3]} {day}, {year}",
                f"{day:02}-{name[:3]}-{year}",
                f"{name} {day}",
                f"{name} {year}",
                f"{day:02}.{month:02}.{year}",
            ]
        )

    def _age(self) -> str:
        return str(self.rng.randint(90, 104))

    def _phone(self) -> str:
        if self.lang == "zh":
            return self.rng.choice(
                [
                    self._digits("1385{7}"),
                    self._digits("139-{4}-{4}"),
                    self._digits("010-6{7}"),
                    self._digits("0571-8{7}"),
                    self._digits("+86 137{8}"),
                    self._digits("186 {4} {4}"),
                ]
            )
        return self.rng.choice(
            [
                str(self.base.phone_number()),
                self._digits("({3}) {3}-{4}"),
                self._digits("{3}-{3}-{4}"),
                self._digits("{3}.{3}.{4}"),
                self._digits("+1 {3} {3} {4}"),
                self._digits("07{3} {6}"),
                self._digits("+44 20 {4} {4}"),
                self._digits("020 {4} {4}"),
            ]
        )

    def _fax(self) -> str:
        return self._digits("({3}) {3}-{4}")

    def _address(self) -> str:
        if self.lang == "zh":
            city = self.rng.choice(
                "北京市海淀区 上海市浦东新区 广东省广州市天河区 浙江省杭州市西湖区 四川省成都市武侯区 湖北省武汉市洪山区".split()
            )
            road = self.rng.choice("中关村大街 人民路 解放南路 建设街 文化西路 长江东街 学院路".split())
            return self.rng.choice(
                [
                    f"{city}{road}{self.rng.randint(1, 300)}号",
                    f"{city}{road}{self.rng.randint(1, 300)}号{self.rng.randint(1, 20)}号楼{self.rng.randint(1, 9)}单元{self.rng.randint(101, 1899)}室",
                    f"{city}{self.rng.choice('阳光 翠湖 金桂'.split())}小区{self.rng.randint(1, 30)}栋{self.rng.randint(101, 1899)}室",
                ]
            )
        return self.rng.choice(
            [
                str(self.base.street_address()),
                str(self.base.address()).replace("\n", ", "),
                f"{self.rng.randint(1, 99)} {self.rng.choice('High Church Station Victoria Mill'.split())} {self.rng.choice('Street Road Lane Close'.split())}, Leeds LS1 4AP",
            ]
        )

    def _city(self) -> str:
        return self.rng.choice("苏州 长沙 昆明 保定 绵阳".split()) if self.lang == "zh" else str(self.base.city())

    def _hospital(self) -> str:
        if self.lang == "zh":
            return self.rng.choice(
                "北京协和医院 上海市第一人民医院 浙江大学医学院附属第二医院 成都市中医院 武汉同济医院".split()
            )
        return self.rng.choice(
            [
                "St. Mary's Hospital",
                "Riverside Medical Center",
                "Cedar Grove Clinic",
                "Addenbrooke's Hospital",
                "Mercy General Hospital",
            ]
        )

    def _national_id(self) -> str:
        if self.lang == "en":
            return self._digits("{3}-{2}-{4}")
        body = f"{self.rng.choice(['110105', '310101', '440106', '330106'])}{self.rng.randint(1940, 2015)}{self.rng.randint(1, 12):02}{self.rng.randint(1, 28):02}{self.rng.randint(0, 999):03}"
        return body + "10X98765432"[sum(int(d) * pow(2, 17 - i, 11) for i, d in enumerate(body)) % 11]

    def _nhs(self) -> str:
        while True:
            body = self._digits("{9}")
            check = 11 - sum(int(d) * w for d, w in zip(body, range(10, 1, -1), strict=True)) % 11
            if check != 10:
                number = body + str(check % 11)
                return self.rng.choice([number, f"{number[:3]} {number[3:6]} {number[6:]}"])

    def _iban(self) -> str:
        return str(self.base.iban())

    def _email(self) -> str:
        return str(self.base.ascii_safe_email())

    def _url(self) -> str:
        return str(self.base.url()) + "patients/" + self._digits("{6}")

    def _ip(self) -> str:
        return str(self.base.ipv4())

    def _photo(self) -> str:
        return self._digits("IMG_{4}.jpg")

    def _record_number(self) -> str:
        return self.rng.choice(
            [
                self._digits("{8}"),
                self._digits("{6}"),
                self._digits("ZY{8}"),
                self._digits("H-{7}"),
                self._digits("{3}-{5}"),
            ]
        )

    def _record_number_labelled(self) -> str:
        lead = self.rng.choice(["MRN ", "MRN# ", "medical record number "])
        return f"{lead}\0{self._digits('{8}')}"

    def _account_number(self) -> str:
        return str(self.base.credit_card_number()) if self.lang == "en" else self._digits("6222{15}")

    def _vehicle(self) -> str:
        if self.lang == "en":
            return str(self.base.license_plate())
        return (
            self.rng.choice("京沪粤浙川")
            + self.rng.choice("ABCE")
            + self.rng.choice(["·", ""])
            + self._digits("{2}F{2}")
        )

    def _licence_number(self) -> str:
        return (
            self._digits("E{8}")
            if self.lang == "zh"
            else self._digits(self.rng.choice(["D{7}", "S{3}-{4}-{4}", "{9}"]))
        )

    def _code(self, kind: str) -> str:
        return self._digits(
            {"insurance_number": "XQ{9}", "device": "SN-{3}-{5}", "other_id": "S{2}-{6}", "biometric": "FP{7}"}[kind]
        )

    def _digits(self, pattern: str) -> str:
        return re.sub(
            r"\{(\d+)\}", lambda many: "".join(self.rng.choice(string.digits[1:]) for _ in range(int(many[1]))), pattern
        )


def notes(templates: Sequence[str], lang: str, *, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield `n` labelled notes of one language, the origins of names in turn."""
    filler = Filler(lang, seed)
    origins = [*ORIGINS, UNLISTED] if lang == "en" else ["usual", "wide", "compound", "minority"]
    for number in range(n):
        yield filler.note(templates[number % len(templates)], origins[(number // len(templates)) % len(origins)])
