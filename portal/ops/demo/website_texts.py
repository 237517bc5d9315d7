"""The invented clinic's own words: about itself, and its services and specialisations in the other languages.

Those for the categories and tags of its articles and files stand in labels.py."""

from __future__ import annotations

from django.utils import timezone

from portal.clinic.models import Location, Service, Specialisation
from portal.ops.demo.sign_ins import BY
from portal.website import actions, texts

WHO = """\
Banksia Lane is four psychologists and a green door in Brunswick, with two quiet rooms in Footscray. We have worked \
together since 2014. Between us we speak Arabic, Cantonese, English, Mandarin and Vietnamese.

We listen first. Then we agree with you on what to work on, say plainly how we would go about it, and look together at \
whether it helps. You decide how far and how fast."""

CHINESE, VIETNAMESE, ARABIC = "zh-hans", "vi", "ar"

SERVICES = {
    "first-visit": {
        CHINESE: (
            "首次咨询",
            "第一次从容的见面：您为什么来，希望有什么不同，以及我们一起定下的计划。有转介信请带来；没有也可以来。",
        ),
        VIETNAMESE: (
            "Buổi trị liệu đầu tiên",
            (
                "Một buổi đầu tiên thong thả: điều gì đưa quý vị đến đây, quý vị muốn điều gì khác đi, và kế hoạch mà "
                "chúng ta cùng lập. Nếu có giấy giới thiệu, xin quý vị mang theo; không có giấy, quý vị vẫn đến được."
            ),
        ),
        ARABIC: (
            "الزيارة الأولى",
            (
                "لقاء أول بلا استعجال: ما الذي جاء بك، وما التغيير المنشود، وخطة نضعها معًا. يُرجى إحضار الإحالة "
                "إن وُجدت، ويمكن الحضور من دونها."
            ),
        ),
    },
    "session": {
        CHINESE: ("咨询", "与您的心理学家进行 50 分钟的咨询，在诊所或通过视频。"),
        VIETNAMESE: (
            "Buổi trị liệu",
            "Buổi trị liệu 50 phút với nhà tâm lý học của quý vị, tại phòng khám hoặc qua video.",
        ),
        ARABIC: ("جلسة", "جلسة مدتها 50 دقيقة مع أخصائيك النفسي، في العيادة أو عبر الفيديو."),
    },
    "long-session": {
        CHINESE: ("长时间咨询", "80 分钟，用于需要更多时间的治疗，例如暴露疗法或针对创伤的治疗。"),
        VIETNAMESE: (
            "Buổi trị liệu dài",
            "80 phút, cho những việc cần nhiều thời gian hơn, như liệu pháp phơi nhiễm hoặc trị liệu về sang chấn.",
        ),
        ARABIC: ("جلسة طويلة", "80 دقيقة لعمل يحتاج إلى وقت أطول، مثل العلاج بالتعرّض أو العلاج الذي يتناول الصدمة."),
    },
    "letter-or-report": {
        CHINESE: ("信函或报告", "写给雇主、保险公司或法院的书面报告。请与您的心理学家商定。"),
        VIETNAMESE: (
            "Thư hoặc báo cáo",
            (
                "Báo cáo bằng văn bản cho chủ lao động, công ty bảo hiểm hoặc tòa án. Quý vị thỏa thuận với nhà tâm "
                "lý học của mình."
            ),
        ),
        ARABIC: ("رسالة أو تقرير", "تقرير مكتوب لصاحب العمل أو شركة التأمين أو المحكمة. يُتّفق عليه مع أخصائيك النفسي."),
    },
}

TOPICS = {
    "anxiety": ("焦虑", "Lo âu", "القلق"),
    "depression": ("抑郁", "Trầm cảm", "الاكتئاب"),
    "perinatal": ("孕期与产后", "Thai kỳ và sau sinh", "الحمل وما بعد الولادة"),
    "trauma": ("创伤", "Sang chấn", "الصدمة النفسية"),
    "young-people": ("青少年", "Thanh thiếu niên", "المراهقون والشباب"),
    "adhd": ("注意缺陷多动障碍（ADHD）", "Tăng động giảm chú ý (ADHD)", "اضطراب نقص الانتباه وفرط الحركة (ADHD)"),
    "school-refusal": ("不愿上学", "Không chịu đi học", "رفض الذهاب إلى المدرسة"),
    "grief": ("丧亲与哀伤", "Mất mát và đau buồn", "الفقد والحزن"),
    "migration": ("移居与归属", "Di cư và hội nhập", "الهجرة والانتماء"),
    "work-stress": ("工作压力", "Căng thẳng trong công việc", "ضغوط العمل"),
    "relationships": ("人际关系", "Các mối quan hệ", "العلاقات"),
}

DIRECTIONS = {
    "brunswick": {
        CHINESE: "从 Jewell 火车站步行两分钟。绿色的门；没有台阶。",
        VIETNAMESE: "Đi bộ hai phút từ ga Jewell. Cửa màu xanh lá; không có bậc thang.",
        ARABIC: "على بُعد دقيقتين سيرًا من محطة Jewell. الباب أخضر، ولا توجد درجات.",
    },
    "footscray": {
        CHINESE: "在 Footscray 火车站附近，药房楼上。楼下门厅左侧有电梯。",
        VIETNAMESE: "Gần ga Footscray, phía trên nhà thuốc. Thang máy ở bên trái sảnh dưới.",
        ARABIC: "قرب محطة Footscray، فوق الصيدلية. المصعد على يسار المدخل.",
    },
}


def say() -> None:
    """Puts the words on the website, as its manager would."""
    say_in("home.who", "en-au", WHO)
    for slug, languages in SERVICES.items():
        service = Service.objects.get(slug=slug)
        for language, (name, description) in languages.items():
            say_in(texts.key_of(service, "name"), language, name)
            say_in(texts.key_of(service, "description"), language, description)
    for topic in Specialisation.objects.filter(slug__in=TOPICS):
        for language, name in zip((CHINESE, VIETNAMESE, ARABIC), TOPICS[topic.slug], strict=True):
            say_in(texts.key_of(topic, "name"), language, name)
    for place in Location.objects.filter(slug__in=DIRECTIONS):
        for language, words in DIRECTIONS[place.slug].items():
            say_in(texts.key_of(place, "directions"), language, words)


def say_in(key: str, language: str, text: str) -> None:
    actions.set_text(key=key, language=language, text=text, by=BY, now=timezone.now())
