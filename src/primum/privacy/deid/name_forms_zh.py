# ruff: noqa: E501 - each pattern stays whole
"""Chinese names by their form alone: one that stands by itself, after a word for a person, broken or spaced out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from primum.privacy.deid.lists import characters, names, one_of, vocabulary
from primum.privacy.deid.spans import Span

_HAN = r"[\u3400-\u9fff]"
_ALONE = re.compile(rf"(?<![\u3400-\u9fff·•])(?:{_HAN}{{2,4}})(?![\u3400-\u9fff·•])")
_LEAD = (
    "术者 一助 二助 三助 主刀 麻醉 巡回 器械 器械护士 责任护士 护士长 护士 医师 医生 大夫 技师 药师 治疗师 康复师 营养师 检验者 操作者 主诊 主持 主管 复核 核对 审核 调剂 审方 发药 "
    "战士 学员 官兵 献血者 受血者 供血者 供者 受者 女方 男方 夫妻 服务对象 案主 当事人 前夫 前妻 生母 生父 养父 养母 继父 继母 孩子 宝宝 婴儿 儿童 患儿 学生 同学 翻译 班主任 老师 辅导员 校医 室友 舍友 同监 同车人 "
    "邻居 保姆 护工 社工 志愿者 卫生员 司机 驾驶员 乘客 目击者 报案人 报警人 投诉人 申诉人 来电者 求助者 接听者 死者 伤者 病例 密接 负责人 经办人 领取人 代取人 收件人 发件人 联系人 陪同人 研究者 受试者 先证者 "
    "外婆 外公 奶奶 爷爷 姥姥 姥爷 舅舅 姑姑 姑妈 叔叔 伯父 伯母 阿姨 姨妈 表妹 表姐 表弟 表哥 堂弟 堂哥 堂妹 堂姐 岳父 岳母 公公 婆婆 儿媳 女婿 长子 次子 三子 长女 次女 三女 哥哥 弟弟 姐姐 妹妹 大哥 二哥 大姐 二姐 "
    "父亲 母亲 爸爸 妈妈 丈夫 妻子 儿子 女儿 爱人 老伴 配偶 男友 女友 未婚夫 未婚妻 同事 朋友 好友 家长 家属 监护人 户主 户名 罪犯 犯人 在押人员 职工 工人 村民 居民 流浪人员 本人 患者 病人 病员 产妇 孕妇 "
    "我是 我叫 名叫 叫做 叫 我科 我院 床 教授 主任 主任医师 主治医师 住院医师 寄养家庭 家庭 诊治 乡医 村医 家庭医生 术前讨论 预防接种 入户 主题"
)
_LED = re.compile(
    rf"(?:{one_of(_LEAD.split())}|(?<![\u3400-\u9fff])[父母夫妻班]|(?<=[）)])班|其[父母夫妻子女兄弟姐妹](?![父母亲子女儿妹姐弟兄]))[ 　（(:：\"“]{{0,2}}(?={_HAN})"
)
_GOES_ON = "，,。；;、：:）)（(|/ 　\n\t@<之的护过帮希带提照就及与和诉称于在因说代不陪同到打来去已行查从为至自由电经予给今做接、男女课住放"
_SPACED = re.compile(
    rf"(?<![\u3400-\u9fff])(?<![\u3400-\u9fff][ 　]){_HAN}(?:[ 　]{_HAN}){{1,3}}(?![ 　]?[\u3400-\u9fff])"
)
_BROKEN = re.compile(rf"(?<=[\u3400-\u9fff])\n(?={_HAN})")
_SOME = re.compile(
    r"(?<![\u3400-\u9fff])(?P<it>[\u3400-\u9fff]{1,2}?)某{1,2}(?=[，,。、；;（( 的之男女]|先生|女士)|(?P<it2>[\u3400-\u9fff])某某"
)
_TITLED = re.compile(
    r"(?:(?<![\u3400-\u9fff])|(?<=急诊)|(?<=门诊)|(?<=我科)|(?<=病房)|(?<=找)|(?<=谢谢)|(?<=感谢)|(?<=敬的)|(?<=约)|(?<=位)|(?<=由)|(?<=护士长))(?P<it>[\u3400-\u9fff]{1,2}?)(?=先生|女士|小姐|老师|医生|医师|大夫|主任|教授|护士|院长|阿姨|师傅|老太|大爷|总|某|(?![\u3400-\u9fff]))"
)
_OPENS = re.compile(rf"(?:^|(?<=[\n，,。；;：:、/|（(\[“\"！!？? 　\t])|(?<=床)|(?<=床[ 　])|(?<=[0-9]\.))(?={_HAN})")
_ACTS = re.compile(
    r"(?:自?诉|主诉|代诉|诉说|因|于|同意|拒绝|表示|要求|签字|签署|今日|昨日|昨晚|今晨|昨天|今天|明日|目前|现(?!象|代|在的)|既往|平素|突发|突然|反复|神志|体温|血压|精神|一般情况|来院|来诊|来我|来电|就诊|入院|出院|住院|转入|转出|转来|转至|术后|术前|行(?!走|为|动)|拟|已于|自述|自觉|自行|曾|患(?!者|儿|有)|出生|身高|体重|之[子女母父妻夫]|的(?:家属|妻子|丈夫|母亲|父亲|女儿|儿子|儿媳|女婿|哥哥|弟弟|姐姐|妹妹|家人|老伴|爱人|病情|情况|检查|化验|报告|手术|病历)|家属|[（(](?:[男女]|\d|患者|病人|患儿|家属|其|系|主任|医生|护士|身份证|住院号|手机|电话|联系)|[，,、 　/|]{0,2}[男女](?:性)?[，,、。 　/|\d]|[，,、 　]{1,2}\d{1,3} ?(?:周?岁|个?月|天)|查看|到场|在场|陪同|护送|发现|报警|等人|等到|汇报|交班|接班|值班|负责|会诊|查房|主持|记录|参加|出席|发言|指出|认为|建议|补充|总结|执行|操作|核对)"
)
_AGENT = re.compile(
    rf"(?<=[员师警长者友工士医商手亲母父婆公妈爸嫂姐哥弟妹姑舅姨叔伯爷奶孙侄甥媳婿妻夫人会办部科院叫请致由约找问给替陪嘱让随经])(?:[:：（( 　]{{0,2}})(?={_HAN})"
)
_MAN_BEFORE_SEX = re.compile(
    rf"(?:^|(?<=[\n：:。 　\t]))(?P<it>{_HAN}{{2,5}})(?=[，,、 　/|]{{1,2}}(?:性别[:：]?)?[男女](?:性)?[，,、。 　/|\d])"
)
_FAMILIAR = re.compile(rf"(?<!{_HAN})[小老](?P<it>{_HAN})(?=来|复诊|，|,|。|说|[:：]|在|同志|昨|今|的|已|也|$)")
_NO_PERSON = frozenset(
    "患者 病人 患儿 老年 青年 中年 成年 男性 女性 本人 婴儿 幼儿 儿童 未婚 已婚 离异 丧偶 汉族 性别 姓名 年龄 老人 产妇 孕妇 学生 农民 工人 退休 职员 干部 病员 家属 同前 不详 无名氏 无名 既往史 现病史 "
    "新生儿 早产儿 足月儿 成人 女婴 男婴 双胎 主诉 体检 父亲 母亲 儿子 女儿 妻子 丈夫 哥哥 弟弟 姐姐 妹妹 爱人 医生 护士".split()
)
_TITLES = (
    "先生",
    "女士",
    "小姐",
    "老师",
    "医生",
    "医师",
    "大夫",
    "主任",
    "教授",
    "护士",
    "院长",
    "阿姨",
    "师傅",
    "老太",
    "大爷",
    "老人",
    "老汉",
    "大娘",
    "同学",
    "同志",
)


def shaped_names_in(text: str) -> Iterator[Span]:
    """Yield the names in Chinese characters that a text holds in a form that only names have."""
    for match in _ALONE.finditer(text):
        if _is_name(match[0]):
            yield _span(match.start(), match.end(), 0.72)
    for match in _LED.finditer(text):
        length = _led_length(text, match.end())
        if length:
            yield _span(match.end(), match.end() + length, 0.76)
    for match in _OPENS.finditer(text):
        length = _acting_length(text, match.end())
        if length:
            yield _span(match.end(), match.end() + length, 0.73)
    for match in _AGENT.finditer(text):
        length = _led_length(text, match.end()) or _acting_length(text, match.end())
        if text[match.start() - 1] + text[match.end()] in vocabulary("no_join_zh"):
            continue
        if length and _is_usual(text[match.end() : match.end() + length]):
            yield _span(match.end(), match.end() + length, 0.72)
    for match in _MAN_BEFORE_SEX.finditer(text):
        if (
            match["it"] not in _words()
            and match["it"] not in _NO_PERSON
            and not match["it"].endswith(_NO_ENDS)
            and not match["it"].startswith(_NO_STARTS)
        ):
            yield _span(match.start("it"), match.end("it"), 0.7)
    for match in _FAMILIAR.finditer(text):
        if match["it"] in names("family_zh") and match["it"] not in _NO_TITLE | vocabulary("function_zh"):
            yield _span(match.start("it"), match.end("it"), 0.7)
    for match in _SPACED.finditer(text):
        if _is_name(re.sub(r"[ 　]", "", match[0])):
            yield _span(match.start(), match.end(), 0.74)
    for match in _TITLED.finditer(text):
        start = match.start("it")
        if len(match["it"]) == 2 and match["it"] not in names("family_zh") and match["it"][0] in "找约由位谢":
            start += 1
        found = text[start : match.end()]
        known = found in names("family_zh") and found not in _NO_TITLE
        if known and text[match.end() : match.end() + 2] in _TITLES:
            yield _span(start, match.end(), 0.75)
    for match in _SOME.finditer(text):
        found = "it" if match["it"] else "it2"
        if match[found] in names("family_zh"):
            yield _span(match.start(found), match.end(found), 0.75)


_NEVER = frozenset("都应来祝能那每")
_NO_TITLE = frozenset(
    "班经由和向于时方干成全应单有相能别原那双从强都来通管平连水查本同元多已由麻终计越后再信解包占过钟门加用服使该其对或两各某代新老小大"
)


def joined_names_in(text: str, found: Sequence[Span]) -> Iterator[Span]:
    """Yield the names that go on a list which began with a name: 张伟、李娜."""
    for span in found:
        end = span.end
        while text[end : end + 1] in ("、", "和", "与", "及") and (length := _led_length(text, end + 1)):
            yield _span(end + 1, end + 1 + length, 0.74)
            end += 1 + length


def broken_windows(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where a line ends between Chinese characters: start and end of what is around, and that in one line."""
    for match in _BROKEN.finditer(text):
        start, end = max(0, text.rfind("\n", 0, match.start()) + 1, match.start() - 14), match.end()
        stop = text.find("\n", end)
        stop = min(end + 8, stop if stop >= 0 else len(text))
        yield start, match.start(), text[start : match.start()] + text[end:stop]


def _span(start: int, end: int, score: float) -> Span:
    return Span(start=start, end=end, kind="name", score=score)


def _is_name(piece: str) -> bool:
    """Return whether the whole of `piece` is a family name and one or two usual characters, and no word."""
    family = 2 if piece[:2] in names("family_zh") and len(piece) > 2 else 1
    given = piece[family:]
    if piece[:family] not in names("family_zh") or not 1 <= len(given) <= 2 or piece in _words():
        return False
    if piece[0] in _NEVER or piece.endswith(_TITLES):
        return False
    if family == 1 and (
        piece[:2] in _words() or given in _words() and len(given) == 2 and piece[0] in vocabulary("function_zh")
    ):
        return False
    return all(one in characters("given_often_zh") for one in given)


_NO_STARTS = (
    "患",
    "病",
    "其",
    "该",
    "家属",
    "产妇",
    "孕妇",
    "女方",
    "男方",
    "本人",
    "姓名",
    "系",
    "为",
    "老年",
    "中年",
    "青年",
    "医",
    "护",
)
_NO_ENDS = ("者", "性", "史", "病", "症", "人", "儿", "婚", "族", "科", "岁", "院", "期", "术", "炎", "癌", "痛")


def _is_usual(piece: str) -> bool:
    """Return whether the given name in `piece` consists of characters that are usual there and rare in clinical words."""
    family = 2 if piece[:2] in names("family_zh") and len(piece) > 2 else 1
    common = piece in _words() or family == 1 and (piece[:2] in _words() or piece[0] in vocabulary("hard_zh"))
    return not common and all(one in characters("given_often_zh") for one in piece[family:])


def _acting_length(text: str, start: int) -> int:
    """Return how many characters from `start` on are a name of which the text then says what a person does or is."""
    family = 2 if text[start : start + 2] in names("family_zh") else 1
    if text[start : start + family] not in names("family_zh") or family == 1 and text[start] in _NEVER:
        return 0
    for length in (family + 2, family + 1):
        piece = text[start : start + length]
        given = piece[family:]
        if len(given) != length - family or piece.endswith(_TITLES) or not _ACTS.match(text, start + length):
            continue
        likely = (
            characters("given_often_zh") if len(given) == 1 else characters("given_zh") | characters("given_often_zh")
        )
        hard = family == 1 and (piece[:2] in _words() or piece[0] in vocabulary("hard_zh"))
        inside = len(given) == 2 and given in _words()
        if piece not in _words() and not hard and not inside and all(one in likely for one in given):
            return length
    return 0


def _led_length(text: str, start: int) -> int:
    """Return how many characters after a word for a person are a name that ends or goes on as after one."""
    family = 2 if text[start : start + 2] in names("family_zh") else 1
    if text[start : start + family] not in names("family_zh") or family == 1 and text[start] in _NEVER:
        return 0
    for length in (family + 2, family + 1):
        given, after = text[start + family : start + length], text[start + length : start + length + 1]
        if len(given) != length - family or not all(
            one in characters("given_zh") | characters("given_often_zh") for one in given
        ):
            continue
        ended = (
            not after
            or after in _GOES_ON
            or not "\u3400" <= after <= "\u9fff"
            or text[start + length : start + length + 2] in _TITLES
        )
        piece = text[start : start + length]
        usual = len(given) == 2 and all(one in characters("given_often_zh") for one in given)
        word = piece in _words() or family == 1 and not usual and piece[:2] in _words()
        if ended and not word:
            return length
    return 0


@cache
def _words() -> frozenset[str]:
    return names("common_zh") | vocabulary("not_names_zh")
