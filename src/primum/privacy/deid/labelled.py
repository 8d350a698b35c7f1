# ruff: noqa: E501 - each pattern stays whole
"""Rules for numbers that stand after a word that says what they are: "MRN 0012", "医保号：..."."""

from __future__ import annotations

import re

from primum.privacy.deid.rule import Rule

_VALUE = r"(?=[\w./-]*\d)[A-Za-z0-9][\w./-]{2,40}(?:(?<=\w)[ ](?=[A-Z0-9]{3,}\b)(?=[A-Z]*\d)(?!\d{1,2}/)[A-Z0-9]{3,12}(?![\w/])){0,6}(?<=[\w])"
_LINK = r"(?:\s?(?:no|number|num|nr|id|code|#)\b\.?|\s?[#№])?(?:\s?(?:is|was|of|=|为|是|ending in|ends in|号码?))?[\s:：#=.()（）-]{0,5}"
_SURE = r"(?:\s?(?:nos?|number|num|nr|id|identifier|code)\b\.?|\s?[#№])(?:\s?(?:is|was|=|ending in|ends in))?[\s:：#=.()（）-]{0,4}|\s?[:：#=]\s{0,3}"


def _labelled(words: str, *, sure: bool = False) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z])(?:{words})(?:{_SURE if sure else _LINK})(?P<it>{_VALUE})", re.I)


def _enough(value: str) -> bool:
    return sum(one.isdigit() for one in value) >= 3


_TABLE: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    (
        "record_number",
        r"MRN|M\.R\.N\.|MR[#]|med(?:ical)?\.? rec(?:ord)?s?|EMPI|CSN|HAR|URN|NHI|CHI|PAS|hospital number|hospital no|unit number",
        False,
        ("mr", "rec", "empi", "csn", "har", "urn", "nhi", "chi", "pas", "hosp", "unit"),
    ),
    (
        "record_number",
        r"chart|hospital|patient|pt|encounter|visit|admission|episode|record|file|case|H/N|UR",
        True,
        ("chart", "hosp", "pat", "pt", "enc", "vis", "adm", "epis", "rec", "file", "case", "h/n", "ur"),
    ),
    (
        "record_number",
        r"(?:病历|病案|住院|门诊|就诊|登记|就诊卡|诊疗卡|病人|患者|档案|健康档案|入院|急诊|留观)(?:编号|号码|号|ID|卡号)",
        False,
        ("号", "id"),
    ),
    (
        "national_id",
        r"SSN|S\.S\.N\.|social security|social insurance|SIN|NHS|national insurance|NINO|national id(?:entity|entification)?|identity card|ID card|tax id|tax file|TFN|TIN|ITIN|aadhaar|PAN|BSN|DNI|NIE|NIF|PESEL|CPF|CURP|personnummer|steuer-?id|codice fiscale",
        False,
        (
            "ss",
            "soci",
            "sin",
            "nhs",
            "nation",
            "nino",
            "id",
            "ta",
            "tin",
            "pan",
            "bsn",
            "dni",
            "ni",
            "pes",
            "cpf",
            "curp",
            "pers",
            "steu",
            "cod",
            "aad",
            "s.s",
        ),
    ),
    (
        "national_id",
        r"(?:居民)?身份证(?:件)?(?:号码|号)?|证件号码?|(?:公民)?身份号码|港澳通行证(?:号码?)?|台胞证(?:号码?)?|居留证(?:号码?)?",
        False,
        ("证", "身份"),
    ),
    (
        "insurance_number",
        r"(?:health |medical |dental )?insurance|health plan|member(?:ship)?|subscriber|policy(?:holder)?|beneficiary|medicare|medicaid|HICN|MBI|group|payer|claim|plan|coverage|versicherten(?:nummer)?|KVNR|EHIC|NIR|n° de sécurité sociale",
        True,
        (
            "insur",
            "plan",
            "mem",
            "subs",
            "polic",
            "benef",
            "medic",
            "hicn",
            "mbi",
            "group",
            "payer",
            "claim",
            "cover",
            "vers",
            "kvnr",
            "ehic",
            "nir",
            "sécu",
        ),
    ),
    (
        "insurance_number",
        r"(?:医保|社保|医疗保险|社会保障|参保|新农合|农合|保险|医疗证|保单)(?:卡|证|人)?(?:编号|号码|卡号|号)?",
        False,
        ("保", "合", "医疗证"),
    ),
    (
        "account_number",
        r"account|acct|a/c|invoice|billing|bill|bank|sort code|routing|IBAN|BIC|credit card|debit card|card|guarantor|transaction|receipt|payment",
        True,
        ("acc", "a/c", "inv", "bill", "bank", "sort", "rout", "iban", "bic", "card", "guar", "trans", "rece", "paym"),
    ),
    (
        "account_number",
        r"(?:银行)?(?:账|帐|卡|户)号|银行卡(?:号码?)?|发票号码?|收据号码?|收费单号",
        False,
        ("号", "卡"),
    ),
    (
        "licence_number",
        r"(?:driver'?s? |driving |medical |nursing |professional |state )?licen[cs]e|DL|DEA|NPI|GMC|NMC|HCPC|GPhC|passport|certificate|certification|registration|permit|visa|LANR|RPPS",
        True,
        (
            "lic",
            "dl",
            "dea",
            "npi",
            "gmc",
            "nmc",
            "hcpc",
            "gphc",
            "pass",
            "cert",
            "regis",
            "perm",
            "visa",
            "lanr",
            "rpps",
        ),
    ),
    (
        "licence_number",
        r"(?:DEA|NPI|GMC|passport|driver'?s? licen[cs]e|driving licen[cs]e)",
        False,
        ("dea", "npi", "gmc", "passp", "driv"),
    ),
    (
        "licence_number",
        r"(?:护照|驾驶证|驾照|行驶证|执业证书?|资格证书?|医师执业证书?|出生证(?:明)?|出生医学证明|军官证|军人证|残疾证|结婚证|执照|证书)(?:编号|号码|号)?",
        False,
        ("照", "证"),
    ),
    (
        "vehicle",
        r"(?:licen[cs]e|number|registration|vehicle|car) plates?|plates?|VIN|vehicle(?: identification)?(?: number| reg(?:istration)?| id)?|reg(?:istration)? (?:plate|mark)|车牌(?:号码?)?|车架号|车辆识别代号|车号",
        False,
        ("plate", "vin", "vehic", "reg", "车"),
    ),
    (
        "device",
        r"serial|S/N|SN|device|UDI|implant|pacemaker|pump|generator|lead|ICD|stent|prosthesis|equipment|machine|asset",
        True,
        (
            "serial",
            "s/n",
            "sn",
            "dev",
            "udi",
            "impl",
            "pace",
            "pump",
            "gener",
            "lead",
            "icd",
            "stent",
            "pros",
            "equip",
            "mach",
            "asset",
        ),
    ),
    (
        "device",
        r"serial(?: number)?|S/N|UDI|(?:设备|器械|仪器|植入物|起搏器|支架|机器|产品)?(?:序列|编)号|(?:设备|器械|仪器|植入物|起搏器|支架)(?:编号|号|ID)|IMEI",
        False,
        ("serial", "s/n", "udi", "号", "imei", "id"),
    ),
    (
        "biometric",
        r"finger ?prints?|retina(?:l)?(?: scan)?|iris(?: scan)?|voice ?prints?|palm ?prints?|face(?: ?id| template| scan)?|facial(?: recognition)?|biometrics?|DNA profile|gait",
        True,
        ("finger", "retin", "iris", "voice", "palm", "fac", "biom", "dna", "gait"),
    ),
    (
        "biometric",
        r"(?:finger ?print|retinal? scan|iris scan|voice ?print|palm ?print|face template|biometric)(?: template| hash| scan| record| file| identifier| id)*|(?:指纹|声纹|虹膜|人脸|掌纹|面部|生物(?:特征|识别))(?:特征|识别|模板|采集|信息)*(?:编号|编码|号|ID|码)?",
        False,
        ("print", "retin", "iris", "face", "biom", "纹", "虹膜", "脸", "面部", "生物"),
    ),
    (
        "photo",
        r"photo(?:graph)?|picture|(?:照片|相片|影像|面部照片|图片)(?:编号|文件|号)?",
        True,
        ("photo", "pict", "片", "影像"),
    ),
    (
        "other_id",
        r"accession|specimen|sample|study|subject|participant|order|requisition|reference|ref|rx|prescription|lab|report|employee|staff|badge|user ?(?:name|id)|login|trial|referral|tracking|barcode|session|ticket|confirmation|token|blood bag|unit|donor|tissue|provider|student|ID|identifier",
        True,
        (
            "acc",
            "spec",
            "samp",
            "stud",
            "subj",
            "part",
            "ord",
            "req",
            "ref",
            "rx",
            "presc",
            "lab",
            "rep",
            "emp",
            "staff",
            "badge",
            "user",
            "login",
            "trial",
            "track",
            "bar",
            "sess",
            "tick",
            "conf",
            "tok",
            "blood",
            "unit",
            "donor",
            "tiss",
            "prov",
            "id",
        ),
    ),
    (
        "other_id",
        r"(?:标本|样本|检查|检验|条码|条形码|影像|超声|病理|放射|CT|MRI|处方|申请单|报告|报告单|工|职工|胸牌|受试者|随访|订单|流水|血袋|会员|学|编)(?:编号|号码|单号|号)",
        False,
        ("号",),
    ),
    ("other_id", r"(?:微信|QQ|wechat|weibo|微博)(?:号码?|ID|账号)?", False, ("微", "qq", "we")),
)

LABELLED: tuple[Rule, ...] = (
    *(
        Rule(kind=kind, pattern=_labelled(words, sure=sure), score=0.93 if not sure else 0.9, check=_enough, hint=hint)
        for kind, words, sure, hint in _TABLE
    ),
    Rule(
        kind="national_id",
        pattern=re.compile(
            r"(?:SSN|social security)[^.\n\d]{0,30}(?:last (?:four|4)|ending(?: in)?)[^.\n\d]{0,20}(?P<it>\d{4})(?!\d)",
            re.I,
        ),
        score=0.95,
        hint=("ssn", "social"),
    ),
    Rule(
        kind="other_id",
        pattern=re.compile(
            r"(?:微信|wechat|weixin)(?:号码?|ID|id|账号)?[\s:：=为是]{0,3}(?P<it>[A-Za-z][A-Za-z0-9_-]{5,19})", re.I
        ),
        score=0.95,
        needs="nothing",
        hint=("微信", "wechat", "weixin"),
    ),
    Rule(
        kind="other_id",
        pattern=re.compile(
            r"(?i:user ?name|login|handle|twitter|instagram)\s?[:=]?\s?(?P<it>@?[a-z][\w.]{3,30}\d[\w.]{0,10}|@\w{3,30})"
        ),
        score=0.9,
        needs="nothing",
        hint=("user", "login", "handle", "twitter", "instagram"),
    ),
    Rule(
        kind="vehicle",
        pattern=re.compile(
            r"(?i:plates?|registration|reg\.?)(?:\s?(?i:no|number|is)\.?)*[\s:#]{0,3}(?P<it>[A-Z0-9]{5,8}(?!\w)|[A-Z0-9]{1,4}[ •·-][A-Z0-9]{2,6}(?:[ -][A-Z0-9]{2,4})?)(?!\w)"
        ),
        score=0.95,
        hint=("plate", "reg"),
        check=lambda it: any(one.isdigit() for one in it),
    ),
)
