# ruff: noqa: E501 - each pattern stays whole
"""Rules for dates and for ages over 89, in English and Chinese."""

from __future__ import annotations

import re

from primum.privacy.deid.rule import Rule

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
_CAPS = r"(?:JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)"
_ANY = rf"(?:{_MONTH}|{_CAPS})\.?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_TH = r"(?:st|nd|rd|th)?"
_MM = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:1[89]\d{2}|20\d{2})"
_NUMERIC = re.compile(
    rf"(?<![\d/.-])(?:{_YEAR}([/.-]){_MM}\1{_DAY}(?!\d)(?:T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?:Z|[+-]\d{{2}}:?\d{{2}})?)?"
    rf"|(?:{_MM}([/.-]){_DAY}\2|{_DAY}([/.-]){_MM}\3)(?:{_YEAR}|\d{{2}}))(?![\d/]|[.-]\d)"
)
_WORDS = re.compile(
    rf"(?<![\w])(?:(?:the )?{_DAY}{_TH}(?: day)?(?: of)?[ -]?{_ANY}(?:,? ?[-/]?(?:{_YEAR}|'?\d{{2}}(?!\d|:| ?(?:mg|ml|mcg|units|tab|%))))?"
    rf"|{_ANY} {_DAY}{_TH}(?!\d|[./:]\d)(?:,? {_YEAR})?|{_ANY},? (?:of )?{_YEAR}|{_ANY}-{_DAY}-(?:{_YEAR}|\d{{2}}))(?!\w)"
)
_LOWER = re.compile(
    rf"(?<!\w)(?:{_DAY}{_TH}(?: of)? {_MONTH},? {_YEAR}|{_MONTH} {_DAY}{_TH},? {_YEAR}|{_MONTH} {_DAY}(?:st|nd|rd|th)|{_MONTH},? {_YEAR})(?!\w)",
    re.I,
)
_SHORT = re.compile(
    rf"\b(?i:on|since|from|until|till|dated?|by|before|after|admitted|discharged|seen|visit|starting|scheduled(?: for)?|due|next|review|reviewed|fell|born|clinic|appt|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?|d\.?o\.?b|appointment|through|thru|between|and|to|returned|drawn|collected|performed|completed)[:\s]\s?(?P<it>{_MM}/{_DAY})(?![\d/]|\.\d| ?(?:%|mg|ml|pain|lobes?|strength|doses?|tabs?|tablets?|NS\b|normal|saline|[x]\b))"
)
_DAY_MONTH = rf"(?:{_MM}/{_DAY}|{_DAY}/{_MM})"
_SHORT_NOTED = re.compile(
    rf"(?:\b(?i:on|since|from|until|till|dated?|before|after|admitted|discharged|d/c|dc|f/u|fu|w/c|wc|lmp|edd|edc|op|last|due|next|review|rv|reviewed|fell|clinic|appt|appointment|booked|seen|visit|starting|scheduled(?: for)?|returned?|performed|completed|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?)[:\s]\s?(?P<it>{_DAY_MONTH})|(?:^|\n)[ \t]*(?!1/[234]\b|[23]/[34]\b)(?P<itz>{_DAY_MONTH})(?=:? [A-Za-z]|: |\t| - ))(?![\d/]|\.\d| ?(?:%|mg|ml|pain|lobes?|strength|power|doses?|tabs?|tablets?|systolic|NS\b|normal|saline|pack|cup|grade|quadrants?|limbs?|weeks?|days?|months?|hours?|[x]\b))"
)
_RANGE = re.compile(rf"(?<![\d/]){_MM}/{_DAY} ?(?:-|–|to) ?{_MM}/{_DAY}(?:/(?:{_YEAR}|\d{{2}}))?(?![\d/])")
_COMPACT = re.compile(rf"(?<!\w){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T ]?\d{{4,6}}(?:\.\d+)?)?(?!\w)")
_YEAR_MONTH = re.compile(
    rf"(?i:date|dob|born|since|diagnosed|expir\w*|出生|日期|于|时间|自)[\s:：]{{0,3}}(?:in |on )?(?P<it>{_YEAR}[-/.]{_MM}|{_MM}/{_YEAR})(?![\d/.-])"
)
_MONTH_YEAR = re.compile(rf"(?<![\d/.-])(?:0[1-9]|1[0-2])/{_YEAR}(?![\d/])")
_ZH_NUMBER = "[〇零一二三四五六七八九十两]"
_CHINESE = re.compile(
    rf"(?:(?:{_YEAR}|(?<!\d)\d{{2}}|[〇零一二三四五六七八九]{{4}}) ?年 ?)(?:{_MM}|{_ZH_NUMBER}{{1,3}}) ?月(?!龄|经)(?: ?(?:{_DAY}|{_ZH_NUMBER}{{1,3}}) ?[日号](?!线))?"
    rf"|(?<!\d)(?<![〇零一二三四五六七八九十第])(?:{_MM}|{_ZH_NUMBER}{{1,3}}) ?月 ?(?:{_DAY}|{_ZH_NUMBER}{{1,3}}) ?[日号](?!线)"
    r"|(?:农历|阴历)?(?:正|腊|冬)月(?:初|十|廿|三十|二十)[一二三四五六七八九十]?"
)
_SPACED = re.compile(
    rf"(?<![\d.,/-])(?<!\d )(?:{_DAY}[. ] ?{_MM}[. ] ?{_YEAR}|{_MM} {_DAY} {_YEAR}|{_DAY}\. {_MM}\. \d{{2}})(?![\d/]|[.,-]\d| \d)"
)
_FROM_TO = re.compile(
    rf"(?<![\d/.-])(?:{_MM}/{_DAY}|{_DAY}[/.]{_MM})[/.](?:{_YEAR}|\d{{2}}) ?[-–] ?(?:{_MM}/{_DAY}|{_DAY}[/.]{_MM})[/.](?:{_YEAR}|\d{{2}})(?![\d/])"
)
_FOREIGN = re.compile(
    rf"(?<!\w)(?:den |le |el |il |am )?{_DAY}(?:er|\.|º|°)? (?:de |di )?(?i:janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre|januar|jänner|februar|märz|april|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|novembre|dicembre|januari|februari|maart|mei|augustus|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia|ocak|şubat|mart|nisan|mayıs|haziran|temmuz|ağustos|eylül|ekim|kasım|aralık|augusti|desember|mars|maj|elokuuta|tammikuuta|helmikuuta|maaliskuuta|huhtikuuta|toukokuuta|kesäkuuta|heinäkuuta|syyskuuta|lokakuuta|marraskuuta|joulukuuta)(?:,? (?:de |del )?{_YEAR})?(?!\w)"
)
_FEAST = re.compile(
    rf"(?<!\w)(?:Christmas|Xmas|Easter|Thanksgiving|New Year'?s?|Boxing|Halloween|Diwali|Eid|Independence|Labor|Memorial|Valentine'?s)(?: (?:Day|Eve|Sunday|Monday))?,? (?:of )?{_YEAR}(?!\w)|(?<!\w){_ANY} the {_DAY}{_TH}(?:,? {_YEAR})?(?!\w)"
)
_DAY_ALONE = re.compile(rf"\b[Oo]n the (?P<it>{_DAY}(?:st|nd|rd|th))(?=[,.;)]| of (?:this|last|next|the)|$)")
_ROC = re.compile(
    rf"民[国國] ?\d{{2,3}} ?[年/.-] ?{_MM} ?[月/.-] ?{_DAY}日?|(?<![\d/.-])1[01]\d[/.]{_MM}[/.]{_DAY}(?![\d/.])"
)
_ZH_YEAR_MONTH = re.compile(
    rf"(?<![\d.-]){_YEAR}[.-](?:0?[1-9]|1[0-2])(?=[起始行查复在因入出至初中末底确发]|于|年|手术|[，,。] )"
)
_OVER = r"(?:9\d|1[0-2]\d)"
_AGE_SAID = re.compile(
    rf"\b(?i:aged?|age(?: is| of|:)?|turn(?:ed|s|ing)|at the age of)\s?[:=]?\s?(?P<it>{_OVER})(?![\d%./]| ?(?:mg|ml|bpm|%))|年龄[:：为是]?\s?(?P<itz>{_OVER})(?!\d)"
)
_AGE_AFTER = re.compile(
    rf"(?<![\d./])(?P<it>{_OVER})(?=[ -]?(?:(?:years?|yrs?)[ -](?:old|of age|young)|year-?olds?|y\.?/?o\b|y\.o\.|yrs?\b|years? (?:male|female|man|woman|lady|gentleman)| ?周?岁))|(?:^|[,.;:(\n] ?|\b[aA] |\bis )(?P<itz>{_OVER})(?= ?[MF](?:,| (?:with|w/|who|presents|presenting|admitted|brought|found|c/o|h/o|s/p|here|seen)\b))"
)
_UNIT = r"(?! ?(?:%|mg|ml|kg|mmHg|bpm|cm|mm|beats|degrees|percent|units?|/\d|°|C\b)|[\d./]\d)"
_AGE_OF = re.compile(
    rf"(?<![\d./-])(?P<it>{_OVER})(?= ?(?:[yY](?:\.?/?[oO]\.?|rs?\.?)?[/ ]?[MF]?|[- ]?(?:jährige\w*|Jahre|ans|años|anni|anos|jaar|jr|lat|let|yaş\w*|år|vuotta|éves|ani))(?!\w))"
)
_AGE_SEX = re.compile(
    rf"(?<![\d/.])(?P<it>{_OVER})(?= ?/ ?[MFmf](?!\w))|(?<!\w)(?:[MF] ?/ ?|(?i:male|female|man|woman|gentleman|lady|sex:? ?[MF]|[MF])[,;] ?)(?P<itz>(?:{_OVER}))(?=[,;.)\s]|$){_UNIT}"
)
_AGE_LETTER = re.compile(
    rf"(?<![\d./-])(?<!temp )(?<!Temp )(?<!temp of )(?<!Tmax )(?<!T )(?<!fever )(?<!fever of )(?<!to )(?<!temperature )(?<!temperature of )(?P<it>9[0-4]|1[12]\d)(?=[MF](?![\w°]))|(?:^|\n|[,;(] ?|(?i:bed|pt|bay) ?\w{{0,4}} )(?P<itz>(?:{_OVER}))(?=[MF](?![\w°]))"
)
_AGE_IS = re.compile(
    rf"\b(?i:he|she|they|pt|patient|who|mother|father|mum|dad|mom|husband|wife|(?:grand)?(?:mother|father|ma|pa)|aunt|uncle)(?:'s| is| was|, now| turned| turns| will be| just turned| is now| is nearly| is almost)+ (?P<it>{_OVER})(?=[,.;)]| (?:and|with|but|now|who|lives|in|this|next|years|or)\b|$)|[A-Za-z]{{3}}, (?P<ita>{_OVER})(?=, [a-z])|\b(?i:died|deceased|passed(?: away)?|d\.|alive|father|mother|brother|sister|lived|onset|diagnosed|well)(?: at| to| to be|,)? (?:at |age |aged )*(?P<itz>(?:{_OVER}))(?=[,.;)]| (?:of|from|with|and)\b|$)"
)
_AGE_COUNT = re.compile(
    rf"\b(?P<it>{_OVER})(?=(?:st|nd|rd|th) (?:birthday|year of))|\b(?i:in (?:his|her|their)(?: \w+)?) (?P<itz>(?:9\d|100)s|nineties|(?:{_OVER})(?=(?:st|nd|rd|th) year))"
)
_AGE_NAMED = re.compile(
    rf"\b(?:Alter|Edad|Età|Leeftijd|Idade|Âge|Age/Sex|Sex/Age|Wiek|Yaş|Ålder)\s?[:=]?\s?(?:[MF]/)?(?P<it>{_OVER})(?![\d%.])"
)
_AGE_ZH = re.compile(
    rf"(?<![\d.])(?P<it>{_OVER})(?= ?(?:余|多)?(?:周|虚|足)?岁| ?[，,/、 ]?[男女](?![生婴])|高龄|老人|老太|老翁|老妇| ?[yY](?![a-zA-Z]))|(?:年近|年约|年逾|时年|虚岁|享年|今年|高龄|现年|终年|年龄|[男女](?:性)?[，,、/|;；\s-]{{0,3}})[:：（(\s]{{0,3}}(?P<itz>(?:{_OVER}))(?![\d.%]|/\d| ?(?:次|kg|mm|cm|天|床|bpm|级|mg|ml|分|例|号|个|元|年|万))"
)
_AGE_WORDS = re.compile(
    r"\b(?P<it>(?i:ninety|one hundred(?: and)?)(?:[- ](?i:one|two|three|four|five|six|seven|eight|nine|ten))?)(?=[- ]years?[- ]old)|(?P<itz>(?:九十[一二三四五六七八九]?|一百零?[一二三四五六七八九]?))(?=周?岁)"
)


_SHORT_NAMES = tuple(name[:3] for name in MONTHS)

DATES: tuple[Rule, ...] = (
    Rule(kind="date", pattern=_NUMERIC, score=0.9),
    Rule(kind="date", pattern=_WORDS, score=0.9, hint=_SHORT_NAMES),
    Rule(kind="date", pattern=_LOWER, score=0.88, hint=_SHORT_NAMES),
    Rule(kind="date", pattern=_SHORT, score=0.8),
    Rule(kind="date", pattern=_SHORT_NOTED, score=0.78),
    Rule(kind="date", pattern=_RANGE, score=0.85),
    Rule(kind="date", pattern=_SPACED, score=0.85),
    Rule(kind="date", pattern=_FROM_TO, score=0.92),
    Rule(kind="date", pattern=_FOREIGN, score=0.88),
    Rule(kind="date", pattern=_FEAST, score=0.86),
    Rule(kind="date", pattern=_DAY_ALONE, score=0.7),
    Rule(kind="date", pattern=_ROC, score=0.88),
    Rule(kind="date", pattern=_ZH_YEAR_MONTH, score=0.75),
    Rule(kind="date", pattern=_COMPACT, score=0.82),
    Rule(kind="date", pattern=_YEAR_MONTH, score=0.8),
    Rule(kind="date", pattern=_MONTH_YEAR, score=0.8),
    Rule(kind="date", pattern=_CHINESE, score=0.9, needs="nothing", hint=("月",)),
    *(
        Rule(kind="age", pattern=one, score=0.9, needs="old")
        for one in (_AGE_SAID, _AGE_AFTER, _AGE_OF, _AGE_SEX, _AGE_LETTER, _AGE_IS, _AGE_COUNT, _AGE_NAMED, _AGE_ZH)
    ),
    Rule(kind="age", pattern=_AGE_WORDS, score=0.9, needs="nothing", hint=("ninety", "hundred", "九十", "一百")),
)
