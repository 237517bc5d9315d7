"""Names as a waiting room in Australia has them: a few are very common, most are rare."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, product
from random import Random


def _words(text: str) -> list[str]:
    return text.split()


# Commonest first; each is as common as its place says.
LAST = _words(
    "Smith Nguyen Jones Williams Brown Wilson Taylor Singh Johnson Lee White Martin Anderson Thompson Tran Kaur Chen "
    "Wang Patel Thomas Walker Ryan Harris Robinson Kelly King Le Zhang Li Campbell Pham Davis Wright Roberts Liu "
    "Evans Hall Clarke Green Baker Wong Scott Moore Hill Young Lewis Edwards Adams Mitchell Allen Turner Phillips "
    "Kumar Wood Morris Parker Carter Collins Cook Murphy O'Brien Hughes Stewart Watson Bell Gray Khan Sharma Ali "
    "Huynh Vo Dang Do Ahmed Hussain Haddad Papadopoulos Rossi Russo Kim Park Yang Huang Wu Lin Ng Lim Tan Chan Cheung "
    "Fernando Perera Silva Santos Reyes Cruz Garcia Fernandez Nowak Kowalski Ivanov Novak Horvat Petrov Yılmaz Okafor "
    "Mensah Tuilagi Te-Rangi McDonald McKenzie O'Connor O'Sullivan Fitzgerald Gallagher Doherty Byrne Nguyễn Trần "
    "Phạm Hoàng García Müller Jensen Hansen Nielsen Larsen Andersson 王 李 张 陈 "
)
FIRST = _words(
    "Jack Olivia Oliver Charlotte Noah Amelia William Isla James Mia Thomas Grace Henry Ava Leo Zoe Lucas Chloe Ethan "
    "Sophie Liam Emily Alexander Ella Samuel Ruby Daniel Hannah Joshua Lucy Matthew Sarah Michael Jessica David "
    "Rebecca Andrew Karen Peter Susan John Margaret Robert Helen Paul Linda Mark Jennifer Anthony Michelle "
    "Christopher Nicole Minh Linh Hoa Thanh Anh Huong Tuan Mai Wei Jing Xin Yan Ming Hui Raj Priya Arjun Anjali "
    "Harpreet Gurpreet Amit Deepa Mohammed Fatima Ahmad Layla Omar Aisha Yusuf Zahra Giovanni Maria Dimitri Eleni "
    "Nikola Ivana Jose Ana Min-jun Ji-woo Aroha Tane Talia Malakai Siobhán Ciarán Zoë Anaïs José Björn 小明 美玲 "
)
_BEGINNINGS = "Ab Al Ba Be Bo Car Chi Da De Do El Fa Fer Ga Gor Ha Hol Ja Ka Kar Lang Ma Mar Mo Na Ne Pa Per Ra Ros "
_BEGINNINGS += "Sa San Shel Ta Tor Va Ver Wal West Win Ya Za"
_MIDDLES = "de bri ni lo ra ven ster ma ti go la ki ber sen do wi"
_ENDS = "n ton ley s wood man ski ri nathan dez ris ford son ic os well"
# Together about two thirds of everybody; the others bear one of some ten thousand rare names.
RARE = ["".join(parts) for parts in product(_BEGINNINGS.split(), _MIDDLES.split(), _ENDS.split())]
COMMON_SHARE = 0.65


def people(random: Random) -> Iterator[tuple[str, str]]:
    """First and last names, for ever."""
    last = list(accumulate(1 / (place + 4) for place in range(len(LAST))))
    first = list(accumulate(1 / (place + 12) for place in range(len(FIRST))))
    while True:
        named = random.random() < COMMON_SHARE
        yield (
            random.choices(FIRST, cum_weights=first)[0],
            random.choices(LAST, cum_weights=last)[0] if named else random.choice(RARE),
        )
