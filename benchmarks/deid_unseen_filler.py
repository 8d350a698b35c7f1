# ruff: noqa: E501 - each list stays whole
"""Made-up identifiers for `deid_unseen.py`: a template's holes, filled with people of one origin and their numbers.

A hole is `{kind}`, with a number for the same person throughout (`{first1} ... {surname1}`), and after a full stop a
Faker locale or a way of writing (`{address.en_GB}`, `{name2.upper}`, `{name3.broken}`).
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator, Sequence
from typing import Any

ORIGINS = {
    "English": "en_US", "British": "en_GB", "Irish": "en_IE", "Indian": "en_IN", "Spanish": "es_ES", "Mexican": "es_MX", "German": "de_DE", "French": "fr_FR", "Dutch": "nl_NL",
    "Polish": "pl_PL", "Czech": "cs_CZ", "Italian": "it_IT", "Romanian": "ro_RO", "Croatian": "hr_HR", "Hungarian": "hu_HU", "Vietnamese": "vi_VN", "Turkish": "tr_TR",
    "Nigerian": "yo_NG", "Ghanaian": "tw_GH", "Zulu": "zu_ZA", "Portuguese": "pt_BR", "Finnish": "fi_FI", "Swedish": "sv_SE", "Estonian": "et_EE", "Indonesian": "id_ID", "Filipino": "fil_PH",
}  # fmt: skip
ZH_ORIGINS = ("usual", "two letters", "rare", "compound", "minority", "Taiwan")
EXTRA = ("en_AU", "da_DK", "zh_CN", "zh_TW", "no_NO")
_HOLE = re.compile(r"\{([a-z_]+?)(\d)?(?:\.([\w.]+))?\}")
_KINDS = {
    **dict.fromkeys(("surname", "first", "last_first", "initial_last", "initials", "pinyin", "zhname", "minority"), "name"),
    **dict.fromkeys(("nhs", "ssn", "medicare_au", "nir", "aadhaar", "pesel", "codice", "curp", "personnummer", "bsn", "nino", "last", "twid", "hkid"), "national_id"),
    **dict.fromkeys(("kvnr", "mbi"), "insurance_number"), **dict.fromkeys(("iban", "credit_card"), "account_number"), **dict.fromkeys(("npi", "dea", "licence_gb", "licence_us", "passport"), "licence_number"),
    **dict.fromkeys(("vin",), "vehicle"), **dict.fromkeys(("username", "wechat", "qq"), "other_id"), "postcode": "place", "org": "organisation", "street": "address", "domain": "url",
}  # fmt: skip
_PLAIN = ("title", "prefix_in", "letter", "rank", "weekday", "abbr", "houseno")
_PINYIN = "Zhang Wei|Li Na|Wang Fang|Chen Xiaoming|Liu Yang|Huang Jing|Xu Ruolan|Ouyang Shu|Zhao Qi|Lin Meihua".split(
    "|"
)
_HANZI = "张伟|李娜|王芳|陈晓明|刘洋|黄静|徐若兰|欧阳舒|赵琦|林美华".split("|")
_ORGS = {
    "en": "Ashgrove Community Hospital|Royal Victoria Infirmary|Queen Elizabeth Hospital|Northfield Medical Centre|Sacred Heart Medical Center|St. Brendan's Hospital|Lakeshore Health System|Hôpital Saint-Louis|Klinikum Neustadt|Apollo Hospitals|Princess Alexandra Hospital|Kettleby NHS Foundation Trust|Mount Carmel Rehabilitation Institute".split("|"),
    "zh": "北京大学第三医院|上海交通大学医学院附属瑞金医院|四川大学华西医院|绍兴市中心医院|中国人民解放军总医院|滨海县人民医院|南山区妇幼保健院|城关镇卫生院|中山大学附属第一医院|长沙市湘雅路社区卫生服务中心|齐鲁医院".split("|"),
}  # fmt: skip
_KINDS_OF_ORG = {
    "en": {"employer": "Hartwell Logistics Ltd|Brightway Foods Inc.|Okafor & Sons LLC", "care": "Willow Lodge Nursing Home|Homecare Plus Ltd|Larch House Care Home", "school": "Beechwood Primary School|University of Northbridge|St Aidan's High School", "funeral": "Whitlock Funeral Home|Dunn & Pryce Funeral Directors", "gp": "Elm Tree Surgery|The Parkside Practice|Harbour Medical Practice"},
    "zh": {"employer": "宏达机械有限公司|顺风物流公司|永新纺织厂", "school": "实验小学|育才中学|南华师范学院|江东理工大学"},
}  # fmt: skip
_ZH_PLACES = (
    "苏州|绵阳|温岭市|安徽省阜阳市|长春|黔东南州|湖北孝感|义乌市|延吉|海口市|桐乡|西昌市|普洱|云南省大理州".split("|")
)
_ZH_ROADS = "人民中路|和平街|迎宾大道|柳浪巷|滨河东路|振兴街|五一路|环城南路|桃园胡同|世纪大道".split("|")
_ZH_TOWNS = "浙江省绍兴市柯桥区|江苏省南通市崇川区|湖南省长沙市岳麓区|河南省洛阳市涧西区|陕西省西安市雁塔区|福建省厦门市思明区|重庆市渝北区|天津市南开区|山东省济宁市曲阜市".split(
    "|"
)
_MONTHS = "January February March April May June July August September October November December".split()


class Filler:
    """Fills templates of one language.

    Args:
        lang: en or zh.
        seed: of every draw.
    """

    def __init__(self, lang: str, seed: int) -> None:
        from faker import Faker

        self.lang, self.rng = lang, random.Random(seed)
        self.fakers: dict[str, Any] = {one: Faker(one) for one in sorted({*ORIGINS.values(), *EXTRA})}
        for number, one in enumerate(self.fakers.values()):
            one.seed_instance(seed + number)
        self.people: dict[str, tuple[str, str, str]] = {}
        self.once: dict[str, int] = {}

    def note(self, template: str, origin: str) -> dict[str, Any]:
        """Return a template filled: text, spans, lang and group (the origin of its names)."""
        self.people, self.once = {}, {}
        text, spans, place = "", [], 0
        for hole in _HOLE.finditer(template):
            text += template[place : hole.start()]
            kind = hole[1]
            value = self._value(kind, hole[2] or "", hole[3] or "", origin)
            label = _KINDS.get(kind, kind)
            if kind not in _PLAIN:
                spans.append({"start": len(text), "end": len(text) + len(value), "kind": label})
            text += value
            place = hole.end()
        text += template[place:]
        return {"text": text, "spans": spans, "lang": self.lang, "group": origin}

    def _value(self, kind: str, person: str, way: str, origin: str) -> str:
        way, _, case = way.partition(".")
        locale = way if "_" in way else ""
        if kind in ("name", "first", "surname", "last_first", "initial_last", "initials", "title", "pinyin", "zhname"):
            written = self._person_as(kind, self._person(person, locale, origin), way)
            return self._changed(written, case or way)
        made = getattr(self, f"_{kind}", None)
        value = made(way) if made else self._code(kind)
        return self._changed(str(value), case or way)

    def _person(self, person: str, locale: str, origin: str) -> tuple[str, str, str]:
        """Return first name, surname and title; the same for one number throughout a note."""
        if person and person in self.people:
            return self.people[person]
        one = self._zh_person(locale or origin) if self.lang == "zh" else self._en_person(locale or ORIGINS[origin])
        if person:
            self.people[person] = one
        return one

    def _en_person(self, locale: str) -> tuple[str, str, str]:
        faker = self.fakers[locale]
        title = self.rng.choice(("Mr", "Mrs", "Ms", "Mr.", "Ms.", "Dr", "Prof."))
        return str(faker.first_name()), str(faker.last_name()), title

    def _zh_person(self, origin: str) -> tuple[str, str, str]:
        given = lambda n: "".join(self.rng.choice("国建志文海玉秀春桂兰英华平明亮霞刚军磊洋艳超敏静婷鑫宇佳悦博涵梓轩诺妍睿岚钰锦") for _ in range(n))  # fmt: skip # noqa: E731
        if origin in ("Taiwan", "zh_TW"):
            name = str(self.fakers["zh_TW"].name())
            return name[1:], name[0], ""
        if origin == "compound":
            return (
                given(self.rng.choice((1, 2))),
                self.rng.choice("欧阳 司徒 上官 诸葛 慕容 端木 夏侯 东方 公孙 长孙 南宫 轩辕".split()),
                "",
            )
        if origin == "minority":
            return "", self._minority(""), ""
        if origin == "rare":
            return (
                given(self.rng.choice((1, 2))),
                self.rng.choice(
                    "缪 佟 仝 占 邝 覃 阙 瞿 逄 晁 卞 储 沙 栾 屈 宗 麻 幸 鲜 郗 洪 车 查 井 付 代 闫 肖 詹 植 冼 揭 敖 应 桑".split()
                ),
                "",
            )
        if origin == "two letters":
            return given(1), self.rng.choice(list("王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗")), ""
        name = str(self.fakers["zh_CN"].name())
        return name[1:], name[0], ""

    def _person_as(self, kind: str, one: tuple[str, str, str], way: str) -> str:
        first, last, title = one
        if kind in ("pinyin", "zhname"):
            at = self.once.setdefault("pinyin", self.rng.randrange(len(_HANZI)))
            return _PINYIN[at] if kind == "pinyin" else _HANZI[at]
        if self.lang == "zh":
            return {"surname": last, "first": first or last}.get(kind, last + first)
        initial = self.rng.choice(
            (f"{first[0]}.", first[0], f"{first[0]}{self.rng.choice('ABJM')}", f"{first[0]}.{self.rng.choice('ABJM')}.")
        )
        return {
            "first": first, "surname": last, "title": title, "last_first": self.rng.choice((f"{last}, {first}", f"{last},{first}", f"{last}, {first} {self.rng.choice('ABJM')}.", f"{last.upper()}, {first}")),
            "initial_last": f"{initial} {last}", "initials": f"{first[0]}.{last[0]}.",
        }.get(kind, self._long(first, last))  # fmt: skip

    def _long(self, first: str, last: str) -> str:
        middle = self.rng.choice(("", "", "", f"{self.rng.choice(string.ascii_uppercase)}. "))
        return f"{first} {middle}{last}"

    def _changed(self, value: str, way: str) -> str:
        if way == "upper" or way == "lower":
            return value.upper() if way == "upper" else value.lower()
        if way == "broken":
            return value.replace(" ", "\n", 1) if " " in value else value[:1] + "\n" + value[1:]
        if way == "spaced":
            return " ".join(value)
        if way == "full":
            return value.translate({ord(a): ord(a) + 0xFEE0 for a in string.digits})
        if way == "typo" and len(value) > 3:
            at = self.rng.randrange(1, len(value) - 1)
            return value[:at] + value[at + 1] + value[at] + value[at + 2 :]
        return value

    def _minority(self, way: str) -> str:
        return f"{self.rng.choice('阿依努尔 买买提江 帕提古丽 扎西 央金 朝鲁 木拉提 热依汗'.split())}·{self.rng.choice('艾合买提 卡德尔 玉素甫 顿珠 苏和 吐尔逊'.split())}"

    def _date(self, way: str) -> str:
        year, month, day = self.rng.randint(1931, 2026), self.rng.randint(1, 12), self.rng.randint(1, 28)
        name, two = _MONTHS[month - 1], f"{year % 100:02}"
        if self.lang == "zh":
            return self.rng.choice(
                (
                    f"{year}年{month}月{day}日",
                    f"{year}-{month:02}-{day:02}",
                    f"{year}.{month:02}.{day:02}",
                    f"{year}/{month}/{day}",
                    f"{month}月{day}日",
                    f"{year}年{month:02}月{day:02}日",
                    f"{year}{month:02}{day:02}",
                    f"{two}年{month}月{day}日",
                )
            )
        ways = {
            "dmy": (f"{day:02}/{month:02}/{year}", f"{day}/{month}/{two}", f"{day} {name[:3]} {year}", f"{day}.{month}.{two}", f"{day:02}-{month:02}-{year}"),
            "us": (f"{month:02}/{day:02}/{year}", f"{month}/{day}/{two}", f"{name} {day}, {year}", f"{month:02}-{day:02}-{year}"),
            "usshort": (f"{month}/{day}/{two}", f"{month}/{day}/{year}"), "usdash": (f"{month:02}-{day:02}-{year}",), "iso": (f"{year}-{month:02}-{day:02}", f"{year}{month:02}{day:02}", f"{year}/{month:02}/{day:02}"),
            "long": (f"{day} {name} {year}", f"{name} {day}, {year}", f"{day}{_ordinal(day)} {name} {year}", f"{name} {day}{_ordinal(day)}, {year}", f"the {day}{_ordinal(day)} of {name} {year}"),
            "longlower": (f"{name.lower()} {day} {year}", f"{day}{_ordinal(day)} {name.lower()}"), "short": (f"{day}/{month}", f"{day} {name[:3]}", f"{name} {day}", f"{day}{_ordinal(day)} {name}"),
            "dot": (f"{day:02}.{month:02}.{year}", f"{day}. {month}. {year}", f"{day:02}.{month:02}.{two}"), "dmydash": (f"{day:02}-{month:02}-{year}",), "milit": (f"{day:02}{name[:3].upper()}{year}", f"{day:02} {name[:3].upper()} {two}"),
            "monthyear": (f"{name} {year}", f"{name[:3]} {year}", f"{month:02}/{year}"), "rfc": (f"{name[:3]} {day}, {year}",),
        }  # fmt: skip
        return self.rng.choice(ways[way])

    def _age(self, way: str) -> str:
        return str(self.rng.randint(90, 106))

    def _phone(self, way: str) -> str:
        if way in ("hk",):
            return self._digits("9{3} {4}")
        if self.lang == "zh" and way != "zh_TW":
            return self.rng.choice(
                [
                    self._digits(one)
                    for one in (
                        "1385{7}",
                        "199-{4}-{4}",
                        "177 {4} {4}",
                        "0574-8{7}",
                        "（010）6{7}",
                        "+86-136{8}",
                        "0{3}{7}",
                        "8{7}转{3}",
                    )
                ]
            )
        own = str(self.fakers[way].phone_number()) if way in self.fakers else self._digits("0{3} {3} {4}")
        more = {"en_GB": ("07{3} {6}", "+44 7{3} {3} {3}", "01{3} {6}", "07{9}"), "en_US": ("({3}) {3}-{4}", "{3}-{3}-{4}", "{3}.{3}.{4} x{3}", "1-{3}-{3}-{4}", "{10}"), "en_AU": ("04{2} {3} {3}", "(02) 9{3} {4}"), "en_IN": ("98{8}", "+91 98{3} {5}")}  # fmt: skip
        return self.rng.choice((own, *(self._digits(one) for one in more.get(way, ()))))

    def _fax(self, way: str) -> str:
        return (
            self._digits(self.rng.choice(("01{3} {6}", "020 7{3} {4}")))
            if self.lang == "en"
            else self._digits("0571-8{7}")
        )

    def _address(self, way: str) -> str:
        if way in self.fakers:
            return self.rng.choice((", ", "\n", " ")).join(str(self.fakers[way].address()).splitlines())
        no, flat = self.rng.randint(1, 480), self.rng.randint(101, 2604)
        return self.rng.choice(_ZH_TOWNS) + self.rng.choice((
            f"{self.rng.choice(_ZH_ROADS)}{no}号", f"{self.rng.choice(_ZH_ROADS)}{no}弄{no % 30 + 1}号{flat}室", f"{self.rng.choice('锦绣花园 春晓苑 御景湾 书香名邸'.split())}{no % 40 + 1}幢{flat}",
            f"{self.rng.choice('大石镇 柳林乡 清河街道'.split())}{self.rng.choice('东沟村 王家庄 双桥村'.split())}{no % 12 + 1}组", f"{self.rng.choice(_ZH_ROADS)}{no}号{no % 9 + 1}号楼{no % 4 + 1}单元{flat}室",
        ))  # fmt: skip

    def _street(self, way: str) -> str:
        return str(self.fakers["en_US"].street_name()) if self.lang == "en" else self.rng.choice(_ZH_ROADS)

    def _place(self, way: str) -> str:
        if self.lang == "zh":
            return self.rng.choice(_ZH_PLACES)
        return str(self.fakers[way if way in self.fakers else "en_US"].city())

    def _postcode(self, way: str) -> str:
        return str(self.fakers[way if way in self.fakers else "zh_CN"].postcode())

    def _org(self, way: str) -> str:
        names = _KINDS_OF_ORG[self.lang].get(way, "").split("|") if way else _ORGS[self.lang]
        return self.rng.choice(names)

    def _national_id(self, way: str) -> str:
        body = f"{self.rng.choice(['110108', '330602', '510107', '430104'])}{self.rng.randint(1938, 2018)}{self.rng.randint(1, 12):02}{self.rng.randint(1, 28):02}{self.rng.randint(0, 999):03}"
        return body + "10X98765432"[sum(int(d) * pow(2, 17 - i, 11) for i, d in enumerate(body)) % 11]

    def _nhs(self, way: str) -> str:
        while True:
            body = self._digits("{9}")
            check = 11 - sum(int(d) * w for d, w in zip(body, range(10, 1, -1), strict=True)) % 11
            if check != 10:
                number = body + str(check % 11)
                return self.rng.choice(
                    (number, f"{number[:3]} {number[3:6]} {number[6:]}", f"{number[:3]}-{number[3:6]}-{number[6:]}")
                )

    def _ssn(self, way: str) -> str:
        return self.rng.choice((self._digits("{3}-{2}-{4}"), self._digits("{9}")))

    def _nir(self, way: str) -> str:
        return str(self.fakers["fr_FR"].ssn())

    def _pesel(self, way: str) -> str:
        return str(self.fakers["pl_PL"].ssn())

    def _codice(self, way: str) -> str:
        return str(self.fakers["it_IT"].ssn())

    def _curp(self, way: str) -> str:
        return str(self.fakers["es_MX"].curp())

    def _personnummer(self, way: str) -> str:
        return str(self.fakers["sv_SE"].ssn())

    def _iban(self, way: str) -> str:
        return str(self.fakers[self.rng.choice(("en_GB", "de_DE"))].iban())

    def _credit_card(self, way: str) -> str:
        return str(self.fakers["en_US"].credit_card_number())

    def _email(self, way: str) -> str:
        return str(self.fakers["en_US"].ascii_safe_email()).replace("example", "northmail")

    def _domain(self, way: str) -> str:
        return str(self.fakers["en_GB"].domain_name())

    def _url(self, way: str) -> str:
        return f"{self.rng.choice(('https://', 'www.'))}{self.fakers['en_GB'].domain_name()}/p/{self._digits('{7}')}"

    def _ip(self, way: str) -> str:
        return str(self.fakers["en_US"].ipv4())

    def _vehicle(self, way: str) -> str:
        if self.lang == "zh":
            return (
                self.rng.choice("京沪苏浙豫湘闽")
                + self.rng.choice("ABCDEK")
                + self.rng.choice(("", "·", " "))
                + self._digits(self.rng.choice(("{5}", "{2}F{2}", "D{5}", "{1}KM{2}")))
            )
        return str(self.fakers[way].license_plate())

    def _vin(self, way: str) -> str:
        return str(self.fakers["en_US"].vin())

    def _photo(self, way: str) -> str:
        return self._digits(self.rng.choice(("IMG_{4}.jpg", "DSC0{4}.JPG", "photo_{6}.png")))

    def _weekday(self, way: str) -> str:
        return self.rng.choice("Monday Tuesday Thursday Saturday".split())

    def _rank(self, way: str) -> str:
        return self.rng.choice("SGT CPL PFC Capt. Lt.".split())

    def _letter(self, way: str) -> str:
        return self.rng.choice(string.ascii_uppercase)

    def _abbr(self, way: str) -> str:
        return "".join(self.rng.choice(string.ascii_uppercase) for _ in range(4))

    def _prefix_in(self, way: str) -> str:
        return self.rng.choice(("Mr.", "Smt.", "Shri", "Sri"))

    def _username(self, way: str) -> str:
        return self._digits(self.rng.choice(("jdoe{2}", "luna_{4}", "kwame.a{2}")))

    def _code(self, kind: str) -> str:
        ways = {
            "record_number": ("{7}", "{8}", "A{6}", "{2}-{2}-{2}", "Z{3}{4}", "00{6}", "K{5}/{2}"), "other_id": ("{2}-{5}", "S{2}-{5}", "{8}", "RX{6}", "AB{4}C", "{4}/{4}"), "insurance_number": ("XJW{9}", "{3}{6}A", "{10}", "W{4} {5}"),
            "account_number": ("{8}", "{4} {4} {4}", "6228{15}"), "licence_number": ("{6}", "D{7}", "{3}-{4}", "MD{5}"), "device": ("RNB{6}H", "PJN{7}", "{11}", "SN{3}-{4}"), "biometric": ("IR{7}", "FP-{4}-{4}", "BIO{6}"),
            "medicare_au": ("{4} {5} {1}", "{4}-{5}-{1}", "{10}"), "npi": ("1{9}",), "dea": ("BS{7}", "FK{7}"), "kvnr": ("A{9}", "T{9}"), "mbi": ("1EG4-TE5-MK{2}", "2AH7TE9MK{2}"), "aadhaar": ("{4} {4} {4}", "{12}"), "nino": ("QQ {2} {2} {2} C", "AB{6}D"),
            "licence_gb": ("MORGA{6}SM9IJ", "JONES{6}W99RT"), "licence_us": ("D{7}", "{9}", "S{3}-{4}-{4}"), "passport": ("E{8}", "{9}", "G{8}"), "bsn": ("{9}",), "last": ("{4}",), "houseno": ("{2}",), "twid": ("A1{8}", "F2{8}"), "hkid": ("A{6}(3)", "Z{6}(A)"),
            "wechat": ("wxid_{6}k", "lily{4}abc"), "qq": ("{9}", "{8}"),
        }  # fmt: skip
        return self._digits(self.rng.choice(ways[kind]))

    def _digits(self, pattern: str) -> str:
        return re.sub(
            r"\{(\d+)\}", lambda many: "".join(self.rng.choice(string.digits[1:]) for _ in range(int(many[1]))), pattern
        )


def _ordinal(day: int) -> str:
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def notes(templates: Sequence[str], lang: str, *, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield `n` labelled notes of one language, templates and origins of names in turn."""
    filler = Filler(lang, seed)
    origins = list(ORIGINS) if lang == "en" else list(ZH_ORIGINS)
    for number in range(n):
        round_, at = divmod(number, len(templates))
        yield filler.note(templates[at], origins[(round_ + at * 7) % len(origins)])
