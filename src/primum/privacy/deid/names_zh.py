# ruff: noqa: E501 - each pattern stays whole
"""Chinese names: a family name with one or two characters, where words before or after say that a person is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from primum.privacy.deid.lists import characters, names, vocabulary
from primum.privacy.deid.spans import Span

_HAN = r"[\u3400-\u9fff]"
_LABEL = re.compile(
    r"(?:(?:患者|病人|患儿|产妇|家属|联系人|监护人|紧急联系人|法定代理人|委托人|母亲|父亲|配偶|投保人|被保险人|受检者|受试者|申请人|就诊人|持卡人|户主|医生|医师|护士)?(?:姓[ 　]{0,3}名|名字|称呼)"
    r"|患者|病人|患儿|产妇|家属|联系人|紧急联系人|监护人|陪护人?|法定代理人|委托人|代理人|见证人|代诉人|陪同者|申请人|投保人|受试者|受检者|供史者|病史陈述者|陈述者|谈话者|签收人|收件人|负责人|父亲|母亲|父|母|妻子|丈夫|配偶|儿子|女儿|子女|哥哥|弟弟|姐姐|妹妹"
    r"|(?:主治|主任|副主任|住院|经治|上级|手术|麻醉|报告|审核|接诊|首诊|管床|责任|值班|会诊|检查|诊断|申请|开单|签名|记录|送检|处方|采血|病理|影像|主管|家庭|进修|实习|值班|巡回|器械)?(?:医师|医生|大夫|护士|护士长|药师|技师|专家|教授)(?:签名|签字)?"
    r"|签名|签字|记录者|记录人|审核者|审核人|报告者|报告人|检查者|操作者|术者|主刀|手术者|助手|一助|二助|第一助手|第二助手|麻醉者|录入者|录入人|书写者|核对者|执行者|执行人|采样人|检验者|检验人|送检人|调配|发药|复核|主诊|接诊人|随访人|责任人)"
    r"[ 　]*[:：][ 　\n]*(?=[\u3400-\u9fff])|(?:我叫|名叫|叫做|姓名为|姓名是|名字是|名为|尊敬的|患者名|此致)[:： ]?"
)
_ROLE = re.compile(
    r"(?:患者|病人|病员|患儿|产妇|孕妇|伤者|死者|老人|住院号|主任医师|主治医师|住院医师|副主任医师|经治医师|主管医师|主管护师|责任护士|值班医师|值班医生|主治医生|主管医生|护士|护士长|医生|医师|大夫|主任|教授|专家|联系人|家属|监护人|签名|其?(?:妻子|丈夫|父亲|母亲|儿子|女儿|配偶|爱人|哥哥|弟弟|姐姐|妹妹|女婿|儿媳|孙子|孙女|外甥|侄子|邻居|同事|朋友|室友|老公|老婆)|其(?:父|母|妻|夫|子|女|兄|弟|姐|妹))[ 　(（“\"]{0,2}(?=[\u3400-\u9fff])"
)
_WEAK = re.compile(
    r"(?:由|与|向|经|请|和|找|告知|联系|通知|询问|介绍|预约|感谢|转告|陪同|委托|致电|挂了|让)(?=[\u3400-\u9fff])"
)
_TITLE = r"(?:先生|女士|小姐|同志|老师|医生|医师|大夫|主任|副主任|教授|护士|护士长|院长|科长|阿姨|叔叔|老先生|老太太|奶奶|爷爷|大爷|大妈|师傅|主治|药师|技师|博士|专家)"
_AFTER = re.compile(
    rf"(?={_TITLE}|[ 　]?[，,、（(/|]?[ 　]?(?:性别[:： ]?)?[男女](?:性|士)?(?=[，,、。；;/|） )\d\n　]|$|，|婴)|[ 　]?[，,（( ][ 　]?\d{{1,3}} ?(?:周?岁|个?月|天))"
)
_SURNAME_TITLE = re.compile(rf"(?P<it>{_HAN}{{1,2}})(?={_TITLE})")
_FOREIGN = re.compile(rf"{_HAN}{{2,8}}[·•・‧]{_HAN}{{2,10}}(?:[·•・‧]{_HAN}{{2,8}})?")
_EDGE = re.compile(r"(?:^|(?<=[\s，,。；;：:、/|（(\[“\"]))(?=[\u3400-\u9fff])")


def names_in(text: str) -> Iterator[Span]:
    """Yield the names in Chinese characters that a text holds."""
    for match in _FOREIGN.finditer(text):
        start, end = _transcribed(match)
        if start < end:
            yield Span(start=start, end=end, kind="name", score=0.9)
    for match in _LABEL.finditer(text):
        yield from _named(text, match.end(), score=0.92, strict=False)
    for match in _ROLE.finditer(text):
        yield from _named(text, match.end(), score=0.8, strict=True)
    for match in _WEAK.finditer(text):
        if text[match.end()] not in vocabulary("hard_zh") and _closes(text, match.end()):
            yield from _named(text, match.end(), score=0.75, strict=True)
    yield from _followed(text)


def _named(text: str, start: int, *, score: float, strict: bool) -> Iterator[Span]:
    length = _name_length(text, start, strict=strict)
    if length:
        yield Span(start=start, end=start + length, kind="name", score=score)


def _name_length(text: str, start: int, *, strict: bool) -> int:
    """Return how many characters from `start` on are a name; 0 where none is.

    Args:
        text: the text.
        start: where a name may begin.
        strict: whether a word that only begins like a name is refused; not after a label with its colon.
    """
    family = 2 if text[start : start + 2] in names("family_zh") else 1
    if family == 1 and text[start : start + 1] not in names("family_zh"):
        return 0
    rest = _run(text, start + family)
    if not rest or strict and text[start] in vocabulary("hard_zh") and not _closes(text, start):
        return 0
    closed = len(rest) <= 2
    if strict and family == 1 and _is_word(text, start):
        return 0
    if rest[0] in vocabulary("breaks_zh") and strict or rest[:2] in vocabulary("after_zh"):
        return 0
    two = family + 1
    if len(rest) == 1 or rest[1:3] in vocabulary("after_zh"):
        return two
    if rest[1] in vocabulary("breaks_zh") and not (closed and not strict):
        return two
    if strict and not {rest[0], rest[1]} <= characters("given_zh"):
        return two if rest[0] in characters("given_zh") else 0
    return family + 2


def _closes(text: str, start: int) -> bool:
    """Return whether what begins at `start` is as long as a name and then ends, or goes on as after a name."""
    rest = _run(text, start + (2 if text[start : start + 2] in names("family_zh") else 1))
    given = rest[:2]
    if not given or not all(one in characters("given_zh") for one in given):
        return False
    return len(rest) <= 2 or rest[2] in vocabulary("breaks_zh") or rest[2:4] in vocabulary("after_zh")


def _run(text: str, start: int) -> str:
    """Return up to four Chinese characters from `start` on."""
    match = re.compile(rf"{_HAN}{{0,4}}").match(text, start)
    return match[0] if match else ""


def _is_word(text: str, start: int) -> bool:
    common = _words()
    return any(text[start : start + length] in common for length in (4, 3, 2) if start + length <= len(text))


@cache
def _words() -> frozenset[str]:
    return names("common_zh") | vocabulary("not_names_zh")


def _followed(text: str) -> Iterator[Span]:
    """Yield names before a title, a sex or an age."""
    for match in _AFTER.finditer(text):
        end = match.start()
        titled = bool(_SURNAME_TITLE.match(text, max(0, end - 1))) and end > 0
        for length in (4, 3, 2):
            start = end - length
            if start >= 0 and _whole(text, start, end, titled=titled):
                yield Span(start=start, end=end, kind="name", score=0.85)
                break
        else:
            if titled and text[end - 1] in names("family_zh") - vocabulary("function_zh") and _starts(text, end - 1):
                yield Span(start=end - 1, end=end, kind="name", score=0.75)


def _whole(text: str, start: int, end: int, *, titled: bool) -> bool:
    """Return whether the characters from `start` to `end` are a family name with a given name and nothing else."""
    piece = text[start:end]
    family = 2 if piece[:2] in names("family_zh") else 1
    if family == 1 and (
        piece[0] not in names("family_zh") or piece[0] in vocabulary("function_zh") and not _edge(text, start)
    ):
        return False
    given = piece[family:]
    if not 1 <= len(given) <= 2 or not all(one in characters("given_zh") for one in given):
        return False
    if family == 1 and (piece in _words() or piece[:2] in _words()):
        return False
    return _starts(text, start) or not titled and len(piece) == 3


def _edge(text: str, start: int) -> bool:
    return _EDGE.match(text, start) is not None


def _starts(text: str, start: int) -> bool:
    """Return whether a name can begin at `start`: the text before ends a clause or is a word that leads to a name."""
    return _edge(text, start) or text[start - 1] in _LEADS or text[max(0, start - 2) : start] in _lead_words()


_LEADS = frozenset("由与和向经请找为是叫见给对让的及者人名问师生士")


@cache
def _lead_words() -> frozenset[str]:
    return frozenset(
        "患者 病人 患儿 医生 医师 护士 联系 告知 通知 咨询 感谢 陪同 大夫 家属 妻子 丈夫 父亲 母亲 女儿 儿子 预约 主任 教授 介绍 我是 你好 您好 谢谢".split()
    )


def _transcribed(match: re.Match[str]) -> tuple[int, int]:
    """Return where a name with a dot in it begins and ends, without the words around it; nowhere where it is none."""
    text, first, last = match[0], re.search(r"[·•・‧]", match[0]), re.search(r"[·•・‧](?!.*[·•・‧])", match[0])
    if first is None or last is None:
        return 0, 0
    start = max(
        (text.rfind(lead, 0, first.start()) + len(lead) for lead in _BEFORE if lead in text[: first.start()]), default=0
    )
    tail = text[last.end() :]
    ends = [place for place, one in enumerate(tail) if place > 1 and one in vocabulary("breaks_zh")]
    if first.start() - start < 2 or any(one in "的了间总是不吃" for one in tail[: ends[0] if ends else None]):
        return 0, 0
    return match.start() + start, match.start() + last.end() + (ends[0] if ends else len(tail))


_BEFORE = (
    *"由其与和经请为是叫的了间总不",
    "患者",
    "病人",
    "医生",
    "医师",
    "护士",
    "家属",
    "姓名",
    "丈夫",
    "妻子",
    "儿子",
    "女儿",
    "母亲",
    "父亲",
    "联系人",
)
