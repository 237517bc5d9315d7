"""A name is a name in every script, and no way to put a stranger's words into the clinic's mail."""

import pkgutil
from importlib import import_module

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

import portal
from portal.accounts.models import Invitation, User
from portal.accounts.roles import Role
from portal.common.forms.names import NameLineField, validate_persons_name
from portal.notifications.models import Notice
from portal.patients.models import Patient
from tests import make

NAMES = """
    Mai | O'Brien | d’Arcy | Jean-Luc | J.R.R. Tolkien | St. John | St.John | Md.Rahman
    Md. Rahman | Dr.Au | Dr. Au | Au | Mary-Ann St. Clair-O'Neill | Ramesh s/o Kumar
    Aishah d/o Rahman | Nguyễn Thị Ánh | Đặng | 王小明 | 欧阳 | 阿里·买买提 | محمد عبد الله
    ʻOkina Kaʻiulani | Þórður Ðorn | Łukasz Żółć | Ünal İnönü | Ngũgĩ wa Thiong'o | Σωκράτης
    Ольга Иванова-Кузнецова | ਸਿੰਘ | John Smith Jr. | John Smith III | John Smith 3rd | X Æ A-12
    Dot | Dot Cotton | Com | Lee Ann Net | Io | Ng | Wu | Thi My | José Mª Aznar | Sørensen (Smith)
    Jürgen-Þór d'Añasco-Łęski | ʼAbd al-Raḥmān | ꓡꓲꓢꓴ | ᏣᎳᎩ | አበበ | თამარ | Ա. Խաչատրյան | ខ្មែរ | བསྟན་འཛིན
    田中 太郎 | ダニエル | Nguyễn T. H. | O | 𠮷野 | Q'orianka | 3rd Earl | ישראל כ״ץ | سارة بنت خالد | ตะวัน
    "Bud" | Anne & Bob | Ai Weiwei | Mr.T | 김민준 | สมชาย | 𝒜da | N'Golo | Nguyen T.My
""".replace("\n", "|").split("|")

LONG_NAMES = """
    Pablo Diego José Francisco de Paula Juan Nepomuceno María de los Remedios Cipriano de la Santísima Trinidad
    محمد بن عبد الله بن عبد العزيز بن عبد الرحمن آل سعود | Keihanaikukauakahihuliheekahaunaele | Nguyễn Phúc Tường Vi An
    Karl-Theodor Maria Nikolaus Johann Jacob Philipp Franz Joseph Sylvester | von und zu Guttenberg | Bank | Will Pay
    Warnakulasuriya Patabendige Ushantha Joseph Chaminda | Sri Padmavathi Venkata Lakshmi Narasimha | Money | Your
    ณ อยุธยา ศรีสุวรรณรัตนโชติพิพัฒน์ | クリストファーソン アレクサンドロヴィッチ | 弗拉基米尔·弗拉基米罗维奇·普京
    !Xóõ | ǃNqate | Won
    dos Santos Oliveira da Silva e Souza | nguyen thi minh khai anh | Mary-Kate van der Berg-O'Shaughnessy Jr. | N!xau
    أبو القاسم محمد بن عبد الله بن عبد المطلب | Andriantsimitoviaminandriandehibe | Ni Nengah Dewa Ayu Made | Was
""".replace("\n", "|").split("|")

SENTENCES = """
    Your account was hacked please transfer money to Bob at Westpac quickly or lose all | Your account is closed
    Lan Huong Phuong Thao Ngoc Anh Bich Tram Kim Chi Thu Ha Mai | You Won! Claim it
    Have you paid? | تم اختراق حسابك؟ اتصل
    YOUR ACCOUNT WAS HACKED | Please call this number | 您的账户已被盗请立即转账给我们的客服 | Y\u200bour acc\u200bount
    ｙｏｕｒ ａｃｃｏｕｎｔ | Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
""".replace("\n", "|").split("|")

NO_NAMES = """
    http://evil.example | https:evil | www.evil | WWW evil | evil.com | Evil . com
    win at evil.com now | evil.com/pay | mai@evil.example | mai＠evil.example | ｅｖｉｌ．ｃｏｍ
    evil。com | evil.co\u200bm | ev\u00adil.com | pay.evil.com.au | clinic.net.au | banksia.au
    banksia.co | evil.xyz | evil.zip | xn--80ak6aa92e | bit.ly/abc | login.bit.ly | evil[.]com
    evil (dot) com | evil dot com | 203.0.113.7 | 0412 345 678 | +61 3 9123 4567 | call ٠٤١٢٣٤٥٦٧٨
    mailto:x | tel:123 | \\\\evil\\share | javascript:alert | hxxps://evil | //evil | data:text
""".replace("\n", "|").split("|")


def listed(names):
    return [name.strip(" ") for name in names if name.strip(" ")]


@pytest.mark.parametrize("name", listed(NAMES) + listed(LONG_NAMES))
def test_names_are_taken(name):
    validate_persons_name(name)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        *(
            (name, "Type the name without < and >.")
            for name in ("<b>Bold</b>", "Mai <Nguyen", "Mai>", "＜b＞", "<3", "﹤i﹥")
        ),
        *((name, "Type the name in letters.") for name in ("123", "١٢٣", "3", "...", "-", "?", "12/3", "🙂", "2 3")),
    ],
)
def test_signs_and_digits_alone_are_none(typed, words):
    with pytest.raises(ValidationError) as refused:
        validate_persons_name(typed)
    assert refused.value.messages == [words]


@pytest.mark.parametrize("name", listed(SENTENCES))
def test_sentences_are_none(name):
    with pytest.raises(ValidationError, match="without other words"):
        validate_persons_name(name)


@pytest.mark.parametrize("name", listed(NO_NAMES))
def test_addresses_links_and_numbers_are_none(name):
    with pytest.raises(ValidationError, match="Type the name alone"):
        validate_persons_name(name)


# ---- Every form that asks for somebody's name ------------------------------------------------------------------------

ASKED_AS = {
    *("first_name", "last_name", "legal_first_name", "legal_last_name", "preferred_name"),
    *("emergency_name", "gp_name", "medicare_name"),
}
# Compared with the name on record, and written nowhere.
COMPARED = {"ClaimForm"}


def all_forms():
    for module in pkgutil.walk_packages(portal.__path__, "portal."):
        if module.name.rpartition(".")[2].endswith("forms"):
            for value in vars(import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, forms.BaseForm) and value.__module__ == module.name:
                    yield value


def test_every_form_that_asks_for_a_name_takes_names_alone():
    asking = {
        (form.__name__, name): type(field)
        for form in all_forms()
        for name, field in form.base_fields.items()
        if name in ASKED_AS and form.__name__ not in COMPARED
    }
    assert {("JoinForm", "first_name"), ("InviteForm", "last_name"), ("PatientForm", "preferred_name")} <= asking.keys()
    assert {key for key, kind in asking.items() if not issubclass(kind, NameLineField)} == set()


# ---- At the doors ----------------------------------------------------------------------------------------------------

EVIL = "You won! evil.com/prize"


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["first_name", "last_name"])
def test_at_sign_up(client, part):
    sent = {
        "first_name": "Ash",
        "last_name": "Lee",
        "email": "victim@example.com",
        "password1": "seven-quiet-lorikeets",
    }
    response = client.post(reverse("account_signup"), {**sent, part: EVIL})
    assert "Type the name alone" in response.content.decode()
    assert (User.objects.count(), Notice.objects.count()) == (0, 0)
    sentence = "Your account was hacked please transfer money to Bob at Westpac"
    page = client.post(reverse("account_signup"), {**sent, part: sentence}).content.decode()
    assert ("without other words" in page, User.objects.count()) == (True, 0)
    # What passes is not repeated to an address that may be anybody's.
    client.post(reverse("account_signup"), {**sent, part: "Congratulations"})
    notice = Notice.objects.get()
    assert ("Congratulations" in notice.text, "Congratulations" in notice.html) == (False, False)


@pytest.mark.django_db
def test_at_invitations():
    make.clinic()
    client = make.signed_in_client(role=Role.MANAGER)
    sent = {"email": "new@example.com", "first_name": EVIL, "roles": ["reception"]}
    assert "Type the name alone" in client.post(reverse("manager:invite"), sent).content.decode()
    assert not Invitation.objects.exists()
    client.post(reverse("manager:invite"), {**sent, "first_name": "Congratulations"})
    assert "Congratulations" not in Notice.objects.get().text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("box", "typed", "words"),
    [
        ("legal_first_name", "<b>Mai</b>", "Type the name without &lt; and &gt;."),
        ("legal_last_name", "123", "Type the name in letters."),
        ("preferred_name", "٤٢", "Type the name in letters."),
        ("emergency_name", "<Mum>", "Type the name without &lt; and &gt;."),
        ("gp_name", "0", "Type the name in letters."),
        ("medicare_name", "2951", "Type the name in letters."),
    ],
)
def test_at_the_desk(box, typed, words):
    make.clinic()
    client = make.signed_in_client(role=Role.RECEPTION)
    sent = {"legal_first_name": "Mai", "legal_last_name": "Nguyen", "date_of_birth": "23/4/1990"}
    assert words in client.post(reverse("reception:new_patient"), {**sent, box: typed}).content.decode()
    assert not Patient.objects.exists()


@pytest.mark.django_db
def test_of_who_refers():
    make.clinic()
    patient = make.patient()
    client = make.signed_in_client(role=Role.RECEPTION)
    page = reverse("reception:add_referral", args=[patient.code])
    assert "Type the name in letters." in client.post(page, {"referrer_name": "12"}).content.decode()


@pytest.mark.django_db
def test_in_ones_own_details():
    make.clinic()
    client = make.signed_in_client()
    patient = Patient.objects.get()
    page = reverse("patient:edit_details", args=[patient.code])
    assert "Type the name alone" in client.post(page, {"preferred_name": EVIL}).content.decode()
    patient.refresh_from_db()
    assert patient.preferred_name == ""
