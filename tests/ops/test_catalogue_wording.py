"""How the catalogues read: punctuation, spaces, one word for one thing, and nobody called he.

Placeholders are filled with what stands in them on a page, so that a space or a capital beside a date is seen too.
"""

import re

import pytest

from portal.ops import gather_messages

# What the pages put into placeholders of these names, as each language writes it. All others are names or figures.
FILLED = {
    "zh-hans": {
        "day": "2026年11月24日",
        **dict.fromkeys(["when", "until", "was", "since", "first", "last"], "11月24日周二下午2:30"),
        "latest": "2026年11月24日",
        "date": "2026年11月24日",
        "due": "2026年12月1日",
        **dict.fromkeys(["session_day", "weekday"], "星期三"),
        "month": "2月",
        **dict.fromkeys(["time", "at", "session_time"], "下午2:30"),
        **dict.fromkeys(["long", "minutes", "hours", "days", "years", "period", "notice", "ahead"], "24 小时"),
        **dict.fromkeys(["staff", "patients", "delta"], "24 小时"),
        "year": "2026",
        "verbose_name": "姓名",
        "place": "墨尔本",
    },
    "vi": {"day": "24 thg 11, 2026", "when": "14:30, thứ Ba, 24 tháng 11", "month": "tháng 2"},
    "ar": {"place": "ملبورن"},
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)([sd])|\{\w+\}|%d")


def filled(text, language, *, counted=False):
    """The text as a page shows it, without its markup. What is counted stands there as a figure."""

    def fill(match):
        if counted or match[2] == "d" or not match[1]:
            return "7"
        return FILLED[language].get(match[1], "Mai")

    return re.sub(r"</?[a-z][^>]*>", "", _PLACEHOLDER.sub(fill, text)).replace("%%", "%")


def strings(message):
    return [message.string] if isinstance(message.string, str) else list(message.string)


def english(message):
    return message.id if isinstance(message.id, str) else message.id[-1]


def said(language):
    return [message for message in gather_messages.read(language) if message.id]


def found(pattern, language, messages=None):
    """Every translation, as it is shown, in which the pattern is met."""
    return [
        (english(message), match.group())
        for message in (messages or said(language))
        for string in strings(message)
        if (match := re.search(pattern, filled(string, language, counted=message.pluralizable)))
    ]


# ---- Chinese ---------------------------------------------------------------------------------------------------------

HAN = "\u3400-\u9fff"
WIDE = "，。：；？！、（）“”《》"
# A number in Australia may begin with its area in brackets.
CHINESE_PUNCTUATION = rf"[{HAN}{WIDE}] ?(?:[,;:!?)]|\((?!0\d\)))|[,;:!?(] ?[{HAN}]|[{HAN}]\.(?!\w)"
CHINESE_SPACES = rf"[{HAN}{WIDE}] +[{HAN}{WIDE}]|[{WIDE}] +|\S +[{WIDE}]"
# Dates and clock times are the language's own, and stand as CLDR writes them.
CHINESE_CROWDED = rf"(?!(?<=[年月午上])[\d])(?<=[{HAN}])[A-Za-z]|[A-Za-z](?=[{HAN}])"


def test_chinese_sentences_have_chinese_punctuation():
    assert found(CHINESE_PUNCTUATION, "zh-hans") == []


def test_chinese_words_have_no_space_between_them_and_latin_ones_have():
    assert found(CHINESE_SPACES, "zh-hans") == []
    assert found(CHINESE_CROWDED, "zh-hans") == []


# ---- Vietnamese ------------------------------------------------------------------------------------------------------

VIETNAMESE_CAPITALS = r"(?<=[^\s.:?!“] )(Tháng|Thứ|Th) (\d|Hai|Ba|Tư|Năm|Sáu|Bảy)\b"


def test_vietnamese_days_and_months_are_small_within_a_sentence():
    assert found(VIETNAMESE_CAPITALS, "vi") == []


def test_vietnamese_sentences_begin_with_a_capital_where_english_ones_do():
    small = [
        (english(message), string)
        for message in said("vi")
        for string in strings(message)
        # A label in small letters may begin with a name; in Vietnamese the name stands at its end.
        if re.match(r"(?!GP's|Medicare item)[A-Z][a-z']", english(message)) and string[:1].islower()
    ]
    assert small == []


# ---- Arabic ----------------------------------------------------------------------------------------------------------

ARABIC = "\u0621-\u064a"
ARABIC_PUNCTUATION = rf"[{ARABIC}] ?[,;?]|[,;?] ?[{ARABIC}]"
# A sign, or figures in groups, keep their order only between marks that say so.
ARABIC_FIGURES = r"(?<![\u200e\u2066\d])(?:[+−-]\$?\d|\(?\b\d{2,4}\)? \d{2,4} \d{2,4})|\w\+(?!\u200e)(?=\W|$)"
# Said to a man alone. A verbal noun, or "يُرجى" and one, is said to everybody.
IMPERATIVES = (
    "انتظر|حاول|استخدم|افتح|اكتب|أدخل|ادخل|املأ|احفظ|اختر|قارن|تخلَّ|اعرض|راجعه|أرسله|ابحث|احجز|اتصل|اسأل|تحقّق|تحقق"
    "|أنشئ|اذكر|سجّل الدخول|سجّل الخروج|أكّدها|تجد|ستجد|تريد|ترى"
)
ARABIC_HE = rf"(?:^|[.؟!:،؛] ?|\b[وفثم]{{1,2}}|\bثم |\bأو |\bهل )(?:{IMPERATIVES})(?![{ARABIC}])(?! شخص)"
# What a named person did or is: a verb or a title would make a man of her.
ARABIC_NAMED = (
    rf"(?:^|[\s،])(?:فتح|قرأ|قام|أضافه|يفتح|جاء|يدعوك) (?:%\(\w+\)s)"
    rf"|(?:أخصائيك النفسي|مدير العيادة|مدير ثانٍ)(?![{ARABIC}])"
)


def test_arabic_sentences_have_arabic_punctuation():
    assert found(ARABIC_PUNCTUATION, "ar") == []


def test_arabic_figures_and_signs_keep_their_order():
    assert found(ARABIC_FIGURES, "ar") == []


# What may be written in Latin letters. A figure after it would else be drawn before it: "بقلم Mai · 3 دقائق".
NAMES = [
    "abn",
    "author",
    "browser",
    "called",
    "choice",
    "clinic",
    "deleted_email",
    "email",
    "extension",
    "from_email",
    "invited_by",
    "item",
    "laws",
    "legal_name",
    "mode",
    "name",
    "number",
    "own",
    "reader",
    "system",
    "to_email",
    "topic",
    "who",
    "whose",
    "words",
]


def test_arabic_holds_names_apart():
    loose = [
        (english(message), string)
        for message in said("ar")
        for string in strings(message)
        if re.search(rf"(?<!\u2068)%\((?:{'|'.join(NAMES)})\)s(?!\u2069)", string)
    ]
    assert loose == []


def test_arabic_speaks_to_women_and_men_alike():
    assert found(ARABIC_HE, "ar") == []
    named = [english(m) for m in said("ar") for string in strings(m) if re.search(ARABIC_NAMED, string)]
    assert named == []


def test_arabic_titles_fit_every_psychologist():
    """They stand beside the names of women too."""
    arabic = gather_messages.read("ar")
    titles = [
        arabic.get(title).string
        for title in ("Clinical psychologist", "Registered psychologist", "Provisional psychologist")
    ]
    assert [title for title in titles if "أخصائي " in title or "مسجَّل" in title] == []


def plurals():
    return [message for message in said("ar") if message.pluralizable]


def test_arabic_plurals_are_six_and_count():
    assert plurals()
    for message in plurals():
        forms = strings(message)
        assert len(forms) == 6
        assert all(forms), message.id
        counted = {match[1] for match in _PLACEHOLDER.finditer(message.id[1])}
        for form in forms[3:]:
            assert {match[1] for match in _PLACEHOLDER.finditer(form)} == counted, message.id
        # Three books, eleven book: said alike only where the number stands apart, in brackets.
        assert forms[3] != forms[4] or "(%(n)s)" in forms[3], message.id
        assert forms[1] != forms[2] or "%(" in forms[1], message.id


# ---- All three -------------------------------------------------------------------------------------------------------

# What one English word is called, and where another is right. A word in square brackets is never said.
TERMS = [
    (
        r"\bsessions?\b(?! notes?)",
        # To move one is 改期, and one that was missed or is booked needs no noun in every language.
        {
            "zh-hans": "咨询|改期|预约|没有来|未到场",
            "vi": "[Bb]uổi (trị liệu|đầu|cuối)|trị liệu|[Vv]ắng mặt|đến được",
            "ar": "جلس",
        },
        None,
    ),
    (r"\bappointments?\b", {"zh-hans": "预约", "vi": "[Hh]ẹn", "ar": "موعد|مواعيد"}, None),
    (r"\breferrals?\b", {"zh-hans": "转介信", "vi": "[Gg]iấy giới thiệu", "ar": "إحال"}, None),
    (r"\b(front desk|[Rr]eception)\b", {"zh-hans": "前台", "vi": "[Ll]ễ tân", "ar": "الاستقبال|استقبال"}, None),
    (r"\binvoices?\b", {"zh-hans": "账单", "vi": "[Hh]óa đơn", "ar": "فاتور|فواتير"}, None),
    (r"\bMedicare\b", {"zh-hans": "Medicare", "vi": "Medicare", "ar": "ميديكير"}, r"Medicare app"),
    (r"\bGP\b", {"zh-hans": "家庭医生", "vi": "[Bb]ác sĩ gia đình", "ar": "طبيب"}, None),
    (
        r"\bpsychologists?\b",
        {"zh-hans": "心理学家", "vi": "[Nn]hà tâm lý", "ar": "نفسي|النفس|علاجك|زملا|يقابلك|جهة العيادة"},
        "^Without|write “",
    ),
    (r"\btreatment plan\b", {"zh-hans": "治疗计划", "vi": "kế hoạch điều trị", "ar": "خطة علاج"}, None),
    (r"\b[Cc]ancelled late\b|\bLate cancellation\b", {"zh-hans": "临时取消", "vi": "[Hh]ủy trễ", "ar": "متأخر"}, None),
    (r"\bMissed session\b|\bNo-show\b", {"zh-hans": "未到场", "vi": "Vắng mặt", "ar": "فائتة|الحضور"}, None),
    (r"\b[Mm]ove (the|this|your|a) session\b", {"zh-hans": "改期", "vi": "[Dd]ời", "ar": "تغيير موعد"}, None),
    (r"\b[Ff]iles?\b", {"zh-hans": "文件", "vi": "[Tt]ập tin|[Tt]ài liệu", "ar": "ملف"}, r"\bon file\b"),
]
NEVER = {
    "zh-hans": "面谈|心理医生|逾期取消|未到诊|更改时间|你",
    "vi": r"\b[Tt]ệp\b|\b[Bb]ạn\b(?! đời)|Thoát|\bmuộn\b|\b[Bb]uổi (đó|này)? ?(sắp|bắt đầu)",
    "ar": r"\bMedicare\b(?!\))(?<!تطبيق Medicare)|\bالرسم\b|المحجوز لك|\bن\u064f?قل",
}


@pytest.mark.parametrize("language", gather_messages.other_languages())
@pytest.mark.parametrize(("word", "called", "unless"), TERMS)
def test_one_thing_has_one_word(language, word, called, unless):
    others = [
        (english(message), string)
        for message in said(language)
        if re.search(word, english(message)) and not (unless and re.search(unless, english(message)))
        for string in strings(message)
        if not re.search(called[language], string)
    ]
    assert others == []


@pytest.mark.parametrize("language", gather_messages.other_languages())
def test_words_that_mean_something_else_are_not_said(language):
    assert found(NEVER[language], language) == []


ENDS = [".。．", "?？؟", "!！", ":：", ",，،", "…"]


# A greeting ends in a colon in Chinese, a label may, and Arabic asks nobody there whether he or she needs to.
ENDS_OTHERWISE = {
    ", ",
    "Hello,",
    "Hello %(name)s,",
    "Hello %(called)s,",
    "We sent a code to",
    "You will sign in with",
    "Need to talk to someone now?",
}


def end_of(text):
    last = re.sub(r"</?[a-z][^>]*>", "", text).strip().rstrip("”»)）\"'\u200e\u200f")[-1:]
    return next((number for number, marks in enumerate(ENDS) if last in marks), None)


@pytest.mark.parametrize("language", gather_messages.other_languages())
def test_sentences_end_as_the_english_ones_do(language):
    otherwise = [
        (english(message), string)
        for message in said(language)
        for string in strings(message)
        if end_of(string) != end_of(english(message)) and english(message) not in ENDS_OTHERWISE
    ]
    assert otherwise == []


@pytest.mark.parametrize("language", gather_messages.other_languages())
def test_nothing_is_said_twice_and_no_sentence_stays_english(language):
    twice = [english(m) for m in said(language) for s in strings(m) if len(s) > 12 and re.fullmatch(r"(.+?)\s?\1", s)]
    assert twice == []
    left = [
        (english(message), run)
        for message in said(language)
        for string in strings(message)
        for run in re.findall(r"(?:\b[A-Za-z']+\b[ ,]+){3,}[A-Za-z']+", re.sub(r"\([^)]*\)|（[^）]*）", "", string))
        if run.lower() in english(message).lower()
    ]
    assert left == []
