"""Papers as people photograph and scan them: on a table, a little turned, with grain, and with EXIF that tells much."""

from __future__ import annotations

import io
import random
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import pillow_heif
import reportlab
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from examples.town.people import TownCitizen, plain

INK, FADED, BLUE = (24, 24, 38), (96, 98, 118), (44, 62, 130)
Colour = tuple[int, int, int]
Size = tuple[int, int]
_FONTS = Path(reportlab.__file__).parent / "fonts"
_GPS, _ORIENTATION, _MAKER, _MODEL, _TAKEN = 0x8825, 0x0112, 0x010F, 0x0110, 0x0132


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Bitstream Vera, which comes with reportlab."""
    return ImageFont.truetype(str(_FONTS / ("VeraBd.ttf" if bold else "Vera.ttf")), size)


def identity_card(who: TownCitizen, expires: date, dice: random.Random) -> bytes:
    """A card on a wooden table, as a telephone sees it: JPEG, lying on its side with an EXIF turn, and GPS."""
    shot = _on_table(_card(who, expires, dice), _wood((1600, 1200), dice), dice, turn=3.5, room=1250)
    return _as_jpeg(shot, dice)


def family_record_book(who: TownCitizen, dice: random.Random) -> bytes:
    """An open booklet on a cloth: HEIC, as current telephones write it."""
    shot = _on_table(_booklet(who, dice), _cloth((1600, 1200), dice), dice, turn=2.5, room=1380)
    pillow_heif.register_heif_opener()
    made = io.BytesIO()
    # The usual preset takes ten times as long.
    shot.save(made, "HEIF", quality=62, enc_params={"preset": "ultrafast"})
    return made.getvalue()


def birth_certificate(who: TownCitizen, dice: random.Random) -> bytes:
    """A typed page from a flat scanner: PNG, 120 dots an inch, a little askew, with a stamp."""
    page = Image.new("RGB", (992, 1403), (247, 244, 236))
    draw = ImageDraw.Draw(page)
    draw.text((90, 90), "RÉPUBLIQUE FRANÇAISE", fill=INK, font=font(17, bold=True))
    draw.text((90, 118), f"Mairie d'{who.locality}", fill=INK, font=font(17))
    draw.text((90, 144), "Service de l'état civil", fill=FADED, font=font(15))
    draw.text((496, 232), "ACTE DE NAISSANCE", fill=INK, font=font(32, bold=True), anchor="mm")
    draw.text((496, 272), "Copie intégrale", fill=INK, font=font(19), anchor="mm")
    draw.text((90, 330), f"Acte n° {dice.randint(100, 999)} / 2020", fill=INK, font=font(18, bold=True))
    draw.line((90, 362, 902, 362), fill=FADED, width=2)
    e, sex = ("e", "féminin") if who.has_daughter else ("", "masculin")
    hour, minute = dice.randint(1, 22), dice.randint(2, 58)
    lines = (
        f"Le onze mai deux mille vingt, à {hour} heures {minute} minutes, est né{e},",
        f"6 rue du Port : {who.child} {who.family_name.upper()}, du sexe {sex},",
        f"de {who.name}, né{'e' if who.sex == 'F' else ''} le {who.born},",
        f"demeurant {who.street_address}, {who.postal_code} {who.locality}.",
        "",
        f"Dressé le 12 mai 2020 à {hour % 9 + 9} heures, sur la déclaration du parent,",
        "qui, lecture faite et invité à lire l'acte, a signé avec nous,",
        "officier de l'état civil par délégation du maire.",
        "",
        "Mentions marginales : néant.",
    )
    for number, line in enumerate(lines):
        draw.text((90, 404 + number * 38), line, fill=INK, font=font(19))
    issued = f"Copie délivrée le {dice.randint(2, 27):02d}/0{dice.randint(1, 9)}/2026"
    draw.text((90, 850), issued, fill=INK, font=font(18))
    draw.text((560, 900), "L'officier de l'état civil", fill=INK, font=font(18))
    _sign(draw, (590, 1000), dice)
    _stamp(page, (420, 1010), f"MAIRIE D'{who.locality.upper()} · ", dice)
    _specimen(page, 150, 55)
    askew = page.rotate(dice.uniform(-0.9, 0.9), resample=Image.Resampling.BICUBIC, fillcolor=(228, 226, 220))
    scanned = _grainy(askew, dice, 4)
    made = io.BytesIO()
    # Scanners write few colours; that keeps a page of text small.
    few = scanned.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(made, "PNG", dpi=(120, 120))
    return made.getvalue()


def _card(who: TownCitizen, expires: date, dice: random.Random) -> Image.Image:
    card = _gradient((1120, 706), (206, 222, 240), (238, 226, 214))
    draw = ImageDraw.Draw(card)
    for wave in range(46):
        height = wave * 17 - 40
        points = [(x, height + 14 * ((x // 70 + wave) % 2)) for x in range(0, 1190, 70)]
        draw.line(points, fill=(190, 204, 224), width=1)
    draw.text((36, 26), "RÉPUBLIQUE FRANÇAISE", fill=BLUE, font=font(25, bold=True))
    draw.text((36, 60), "CARTE NATIONALE D'IDENTITÉ", fill=BLUE, font=font(32, bold=True))
    draw.text((1084, 60), "SPECIMEN", fill=(176, 42, 42), font=font(32, bold=True), anchor="ra")
    card.paste(_portrait(who.sex, dice), (40, 130))
    document = f"X{dice.randint(10**7, 10**8 - 1)}"
    rows = (
        ("Nom", who.family_name.upper(), 0, 0), ("Prénoms", who.given_name, 0, 1), ("Sexe", who.sex, 0, 2),
        ("Nationalité", "FRA", 1, 2), ("Né(e) le", who.born.replace("/", " "), 2, 2),
        ("Lieu de naissance", who.locality.upper(), 0, 3),
        ("N° du document", document, 0, 4), ("Expire le", f"{expires:%d %m %Y}", 2, 4),
    )  # fmt: skip
    for name, value, column, row in rows:
        place = (404 + column * 190, 128 + row * 78)
        draw.text(place, name, fill=FADED, font=font(18))
        draw.text((place[0], place[1] + 24), value, fill=INK, font=font(30, bold=True))
    last = plain(who.family_name).upper().replace("-", "<")
    first = f"IDFRA{last}".ljust(36, "<")
    second = f"{document}FRA{who.birthdate.replace('-', '')[2:]}SPECIMEN".ljust(36, "<")
    for number, line in enumerate((first, second)):
        for at, letter in enumerate(line[:36]):
            draw.text((62 + at * 28.4, 594 + number * 48), letter, fill=INK, font=font(31), anchor="ma")
    return _rounded(card, 40)


def _portrait(sex: str, dice: random.Random) -> Image.Image:
    """Nobody: a drawn head and shoulders."""
    skin = dice.choice(((224, 188, 160), (196, 152, 118), (148, 104, 76), (112, 78, 58), (236, 204, 180)))
    hair = dice.choice(((40, 30, 26), (92, 62, 40), (150, 110, 64), (120, 120, 120), (24, 22, 24)))
    cloth = dice.choice(((52, 66, 96), (96, 52, 60), (60, 84, 66), (70, 70, 76)))
    shadow: Colour = tuple(max(0, part - 26) for part in skin)  # type: ignore[assignment]
    picture = _gradient((660, 860), (212, 216, 220), (186, 192, 198))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((150, 120, 510, 620) if sex == "F" else (176, 132, 484, 500), fill=hair)
    if sex == "F":
        draw.rounded_rectangle((150, 340, 510, 700), 90, fill=hair)
    draw.rounded_rectangle((265, 480, 395, 730), 50, fill=shadow)
    draw.ellipse((190, 180, 470, 580), fill=skin)
    draw.chord((182, 140, 478, 400), 180, 360, fill=hair)
    draw.ellipse((60, 660, 600, 1100), fill=cloth)
    draw.polygon(((265, 668), (395, 668), (330, 780)), fill=shadow)
    for eye in (270, 390):
        draw.ellipse((eye - 24, 352, eye + 24, 382), fill=(244, 242, 240))
        draw.ellipse((eye - 12, 354, eye + 12, 380), fill=(58, 46, 40))
        draw.arc((eye - 38, 314, eye + 38, 370), 200, 340, fill=hair, width=9)
    draw.line((330, 380, 318, 452, 340, 456), fill=shadow, width=8, joint="curve")
    draw.arc((276, 452, 384, 524), 25, 155, fill=(112, 44, 44), width=13)
    soft = picture.resize((330, 430), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(1.1))
    return Image.blend(soft, soft.convert("L").convert("RGB"), 0.75)


def _booklet(who: TownCitizen, dice: random.Random) -> Image.Image:
    book = _gradient((1340, 900), (246, 240, 226), (236, 228, 210))
    draw = ImageDraw.Draw(book)
    draw.text((330, 70), "LIVRET DE FAMILLE", fill=(120, 30, 40), font=font(34, bold=True), anchor="mm")
    draw.text((330, 108), "SPECIMEN", fill=(176, 42, 42), font=font(24, bold=True), anchor="mm")
    pages = (
        ("PARENT", (("Nom", who.family_name.upper()), ("Prénoms", who.given_name), ("Né(e) le", who.born),
                    ("à", who.locality), ("Profession", "—"))),
        ("PREMIER ENFANT", (("Nom", who.family_name.upper()), ("Prénoms", who.child), ("Né(e) le", "11/05/2020"),
                            ("à", who.locality), ("Acte n°", str(dice.randint(100, 999))))),
    )  # fmt: skip
    for side, (title, rows) in enumerate(pages):
        left = 60 + side * 660
        draw.text((left, 170), title, fill=INK, font=font(26, bold=True))
        for number, (name, value) in enumerate(rows):
            y = 226 + number * 72
            draw.text((left, y), name, fill=FADED, font=font(19))
            draw.text((left + 150, y - 6), value, fill=BLUE, font=font(27))
            draw.line((left + 145, y + 34, left + 540, y + 34), fill=(190, 182, 166), width=2)
        _sign(draw, (left + 270, 720), dice)
        _stamp(book, (left + 110, 720), f"ÉTAT CIVIL · {who.locality.upper()} · ", dice, radius=88)
    fold = Image.new("L", book.size, 255)
    shade = ImageDraw.Draw(fold)
    for offset in range(60):
        tone = 255 - (60 - offset)
        shade.line((670 - offset, 0, 670 - offset, 900), fill=tone)
        shade.line((670 + offset, 0, 670 + offset, 900), fill=tone)
    return _rounded(ImageChops.multiply(book, fold.convert("RGB")), 14)


def _stamp(page: Image.Image, centre: Size, words: str, dice: random.Random, radius: int = 105) -> None:
    """A round rubber stamp, unevenly inked."""
    side = radius * 2 + 20
    layer = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(layer)
    middle = side / 2
    for ring in (radius, radius - 34):
        draw.ellipse((middle - ring, middle - ring, middle + ring, middle + ring), outline=200, width=3)
    for number, letter in enumerate(words):
        glyph = Image.new("L", (side, side), 0)
        ImageDraw.Draw(glyph).text((middle, middle - radius + 17), letter, fill=210, font=font(15), anchor="mm")
        layer = ImageChops.lighter(layer, glyph.rotate(-number * 360 / len(words)))
    ImageDraw.Draw(layer).text((middle, middle), "SPECIMEN", fill=200, font=font(16, bold=True), anchor="mm")
    worn = _noise((side, side), 127, dice).point(lambda tone: min(255, 120 + tone))
    inked = ImageChops.multiply(layer.rotate(dice.uniform(-25, 25)), worn)
    page.paste(BLUE, (centre[0] - side // 2, centre[1] - side // 2), inked)


def _sign(draw: ImageDraw.ImageDraw, start: Size, dice: random.Random) -> None:
    """A pen that goes up and down and on, its corners cut three times (Chaikin's curve)."""
    x, y = float(start[0]), start[1]
    points = [(x, float(y))]
    for number in range(18):
        x += dice.uniform(-4, 19)
        points.append((x, y + (dice.uniform(6, 24) if number % 2 else -dice.uniform(8, 40))))
    for _ in range(3):
        cut = [
            (near[0] * part + far[0] * (1 - part), near[1] * part + far[1] * (1 - part))
            for near, far in pairwise(points)
            for part in (0.75, 0.25)
        ]
        points = cut
    draw.line(points, fill=(30, 44, 110), width=3, joint="curve")


def _specimen(page: Image.Image, size: int, strength: int) -> None:
    layer = Image.new("L", page.size, 0)
    place = (page.width // 2, page.height // 2)
    ImageDraw.Draw(layer).text(place, "SPECIMEN", fill=strength, font=font(size, bold=True), anchor="mm")
    page.paste((170, 40, 40), mask=layer.rotate(52, center=place))


def _gradient(size: Size, first: Colour, second: Colour) -> Image.Image:
    ramp = Image.linear_gradient("L").rotate(90).resize(size)
    return Image.composite(Image.new("RGB", size, second), Image.new("RGB", size, first), ramp)


def _rounded(picture: Image.Image, radius: int) -> Image.Image:
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, picture.width - 1, picture.height - 1), radius, fill=255)
    picture.putalpha(mask)
    return picture


def _wood(size: Size, dice: random.Random) -> Image.Image:
    tone = dice.choice(((126, 92, 62), (152, 118, 84), (98, 72, 54)))
    grain = _noise((18, size[1]), 80, dice).resize(size, Image.Resampling.BICUBIC)
    fibres = _noise((size[0] // 40, size[1]), 50, dice).resize(size, Image.Resampling.BICUBIC)
    both = ImageChops.add(grain, fibres, 2).point(lambda value: min(255, value + 70)).convert("RGB")
    return ImageChops.multiply(Image.new("RGB", size, tuple(min(255, part + 60) for part in tone)), both)


def _cloth(size: Size, dice: random.Random) -> Image.Image:
    tone = dice.choice(((92, 112, 124), (142, 132, 116), (88, 96, 84)))
    threads = _noise(size, 70, dice).filter(ImageFilter.GaussianBlur(0.7))
    lit = threads.point(lambda value: min(255, value + 80)).convert("RGB")
    return ImageChops.multiply(Image.new("RGB", size, tuple(min(255, part + 40) for part in tone)), lit)


def _on_table(thing: Image.Image, table: Image.Image, dice: random.Random, *, turn: float, room: int) -> Image.Image:
    """The thing lying there: seen a little from one side, with a shadow, under uneven light."""
    wide = thing.resize((room, room * thing.height // thing.width), Image.Resampling.LANCZOS)
    lean = dice.uniform(0.008, 0.026) * wide.width
    quad = (-lean, -lean / 2, 0, wide.height, wide.width, wide.height + lean / 2, wide.width + lean, -lean / 3)
    seen = wide.transform(wide.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
    turned = seen.rotate(dice.uniform(-turn, turn), expand=True, resample=Image.Resampling.BICUBIC)
    left = (table.width - turned.width) // 2 + dice.randint(-12, 12)
    top = (table.height - turned.height) // 2 + dice.randint(-12, 12)
    shadow = Image.new("L", table.size, 0)
    shadow.paste(turned.getchannel("A").point(lambda value: value * 150 // 255), (left + 12, top + 16))
    # Blurred small and made large again: the same to the eye, ten times as fast.
    soft = shadow.reduce(4).filter(ImageFilter.GaussianBlur(3)).resize(table.size)
    table.paste((12, 10, 8), mask=soft)
    table.paste(turned, (left, top), turned)
    light = Image.radial_gradient("L").resize(table.size).point(lambda value: 255 - value * 80 // 255)
    lit = ImageChops.multiply(table, light.convert("RGB"))
    return _grainy(lit.filter(ImageFilter.GaussianBlur(0.9)), dice, 9)


def _noise(size: Size, strength: int, dice: random.Random) -> Image.Image:
    """Grey of 128, give or take the strength; from the dice, so that a paper is the same each time."""
    raw = Image.frombytes("L", size, dice.randbytes(size[0] * size[1]))
    return raw.point(lambda value: 128 + (value - 128) * strength // 128)


def _grainy(picture: Image.Image, dice: random.Random, strength: int) -> Image.Image:
    """A sensor's noise over it."""
    return ImageChops.add(picture, _noise(picture.size, strength, dice).convert("RGB"), offset=-128)


def _as_jpeg(shot: Image.Image, dice: random.Random) -> bytes:
    """The telephone was held upright: the pixels lie on their side, and EXIF says so; it says where, too."""
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_MAKER], exif[_MODEL] = 6, "Specimen", "Telephone 5"
    exif[_TAKEN] = f"2026:0{dice.randint(1, 9)}:{dice.randint(10, 28)} 18:{dice.randint(10, 59)}:21"
    exif.get_ifd(_GPS).update({1: "N", 2: (48.0, 51.0, dice.uniform(1, 59)), 3: "E", 4: (2.0, 23.0, 40.0)})
    made = io.BytesIO()
    shot.rotate(90, expand=True).save(made, "JPEG", quality=84, exif=exif)
    return made.getvalue()
