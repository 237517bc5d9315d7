"""The invented clinic's categories and tags in the other languages, as its manager would type them."""

from __future__ import annotations

from portal.ops.demo.website_texts import ARABIC, CHINESE, VIETNAMESE, say_in
from portal.resources.models import Category, Tag
from portal.website import texts

LANGUAGES = (CHINESE, VIETNAMESE, ARABIC)

# By slug: the name in each of LANGUAGES, then what it is about.
CATEGORIES = {
    "starting-out": (
        ("迈出第一步", "首次预约之前和之后，您可以预期些什么。"),
        ("Những bước đầu tiên", "Quý vị có thể chờ đợi điều gì, trước và sau cuộc hẹn đầu tiên."),
        ("الخطوات الأولى", "ما الذي يمكنك توقّعه قبل موعدك الأول وبعده."),
    ),
    "worry-and-low-mood": (
        ("担忧与情绪低落", "焦虑和抑郁会带来什么，以及人们觉得有用的应对办法。"),
        (
            "Lo lắng và tâm trạng chán nản",
            "Lo âu và trầm cảm gây ra những gì, và những cách ứng phó mà nhiều người thấy có ích.",
        ),
        ("القلق وتدنّي المزاج", "ما الذي يفعله القلق والاكتئاب، وما الذي يجده الناس مفيدًا في مواجهتهما."),
    ),
    "families": (
        ("家庭", "孩子、青少年，以及和他们一起生活的大人。"),
        ("Gia đình", "Trẻ em, thanh thiếu niên và những người lớn sống cùng các em."),
        ("الأسرة", "الأطفال والمراهقون، والبالغون الذين يعيشون معهم."),
    ),
    "study-and-work": (
        ("学业与工作", "考试、期限、同事，以及离开一段时间后重新回来。"),
        ("Học tập và công việc", "Thi cử, thời hạn, đồng nghiệp, và việc quay lại sau một thời gian nghỉ."),
        ("الدراسة والعمل", "الامتحانات والمواعيد النهائية والزملاء، والعودة بعد غياب."),
    ),
    "loss-and-change": (
        ("失去与变化", "什么结束，什么开始，以及这期间人们靠什么支撑自己。"),
        ("Mất mát và thay đổi", "Điều gì kết thúc, điều gì bắt đầu, và điều gì giúp người ta đứng vững trong lúc ấy."),
        ("الفقد والتغيير", "ما ينتهي وما يبدأ، وما يتمسّك به الناس في هذه الأثناء."),
    ),
    "worksheets": (
        ("练习表", "在两次咨询之间填写的表格，可以用纸，也可以在屏幕上填。"),
        ("Phiếu thực hành", "Các phiếu để điền giữa những buổi trị liệu, trên giấy hoặc trên màn hình."),
        ("أوراق عمل", "أوراق تملؤها بين الجلسات، على الورق أو على الشاشة."),
    ),
}

TAGS = {
    "adhd": ("注意缺陷多动障碍（ADHD）", "Tăng động giảm chú ý (ADHD)", "اضطراب نقص الانتباه وفرط الحركة (ADHD)"),
    "christmas": ("圣诞节", "Giáng sinh", "عيد الميلاد"),
    "first-visit": ("首次咨询", "Buổi trị liệu đầu tiên", "الزيارة الأولى"),
    "grief": ("丧亲与哀伤", "Mất mát và đau buồn", "الفقد والحزن"),
    "medicare": ("Medicare", "Medicare", "ميديكير"),
    "panic": ("惊恐", "Cơn hoảng loạn", "نوبات الهلع"),
    "parents": ("父母", "Cha mẹ", "الآباء والأمهات"),
    "sleep": ("睡眠", "Giấc ngủ", "النوم"),
    "study": ("学习", "Học tập", "الدراسة"),
    "teenagers": ("青少年", "Tuổi thiếu niên", "المراهقون"),
    "telehealth": ("视频咨询", "Trị liệu qua video", "الجلسات عبر الفيديو"),
    "therapy": ("心理治疗", "Trị liệu tâm lý", "العلاج النفسي"),
    "work": ("工作", "Công việc", "العمل"),
    "worry": ("担忧", "Lo lắng", "القلق"),
}


def say() -> None:
    """Names what there is of them; called once the articles and the files are there."""
    for category in Category.objects.filter(slug__in=CATEGORIES):
        for language, (name, description) in zip(LANGUAGES, CATEGORIES[category.slug], strict=True):
            say_in(texts.key_of(category, "name"), language, name)
            say_in(texts.key_of(category, "description"), language, description)
    for tag in Tag.objects.filter(slug__in=TAGS):
        for language, name in zip(LANGUAGES, TAGS[tag.slug], strict=True):
            say_in(texts.key_of(tag, "name"), language, name)
