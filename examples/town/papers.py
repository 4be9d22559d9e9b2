"""Twenty invented citizens and their papers: generated PDFs and photographs, each marked SPECIMEN."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

NAMES = (
    ("Alice", "Martin"), ("Karim", "Benali"), ("Rosa", "Fernandes"), ("Jeanne", "Leroy"), ("Moussa", "Traoré"),
    ("Camille", "Petit"), ("Linh", "Nguyen"), ("Sofia", "Rossi"), ("Paul", "Moreau"), ("Fatou", "Diallo"),
    ("Hugo", "Garnier"), ("Inès", "Haddad"), ("Marcel", "Dubois"), ("Nour", "El Amrani"), ("Olga", "Kovalenko"),
    ("Théo", "Lambert"), ("Amina", "Cissé"), ("Louis", "Fontaine"), ("Yara", "Khoury"), ("Simone", "Girard"),
)  # fmt: skip
STREETS = ("rue des Lilas", "avenue des Peupliers", "passage du Moulin", "place de la Fontaine", "rue du Port")
BLUE, GREY = HexColor("#1b3a5c"), HexColor("#555555")


@dataclass(frozen=True, slots=True, kw_only=True)
class TownCitizen:
    """An invented person."""

    given_name: str
    family_name: str
    birthdate: str
    email: str
    street_address: str
    postal_code: str = "75020"
    locality: str = "Exemple-sur-Seine"


@dataclass(frozen=True, slots=True, kw_only=True)
class TownPaper:
    """One paper of theirs. `issued_on`: the date printed on it, where freshness hangs on it."""

    document_type: str
    file_name: str
    media_type: str
    content: bytes = field(repr=False)
    label: str
    issued_on: date | None = None


def citizens() -> list[TownCitizen]:
    """The twenty, always the same."""
    dice = random.Random("town")  # noqa: S311 -- invented data
    return [
        TownCitizen(
            given_name=given,
            family_name=family,
            birthdate=date(dice.randint(1945, 2004), dice.randint(1, 12), dice.randint(1, 28)).isoformat(),
            email=f"{_plain(given)}.{_plain(family)}@town.example",
            street_address=f"{dice.randint(1, 98)} {dice.choice(STREETS)}",
        )
        for given, family in NAMES
    ]


def papers_of(number: int, today: date) -> list[TownPaper]:
    """What the citizen of that number keeps in their safe; dates count back from today."""
    who = citizens()[number]
    dice = random.Random(f"papers {number}")  # noqa: S311 -- invented data
    billed = today - timedelta(days=dice.randint(5, 120))
    kept = [
        TownPaper(
            document_type="proof_of_address",
            file_name=f"facture-{billed:%Y-%m}.pdf",
            media_type="application/pdf",
            content=_bill(who, billed, dice),
            label="Facture d'électricité",
            issued_on=billed,
        ),
        TownPaper(
            document_type="identity_card",
            file_name=f"IMG_{dice.randint(1000, 9999)}.jpg",
            media_type="image/jpeg",
            content=_card(who, dice),
            label="Carte d'identité",
        ),
    ]
    if number % 2 == 0:
        kept.append(
            TownPaper(
                document_type="birth_certificate",
                file_name="acte de naissance.pdf",
                media_type="application/pdf",
                content=_certificate(who, dice),
                label="Acte de naissance de mon enfant",
            ),
        )
    if number % 3 == 0:
        kept.append(
            TownPaper(
                document_type="income_tax_notice",
                file_name="avis-impot.pdf",
                media_type="application/pdf",
                content=_tax(who, today, dice),
                label="Avis d'impôt",
                issued_on=date(today.year, 8, 1),
            ),
        )
    return kept


def _plain(name: str) -> str:
    table = str.maketrans("éèêëàâîïôûçÉ", "eeeeaaiioucE")
    return name.translate(table).lower().replace(" ", "-")


def _page(title: str, issuer: str) -> tuple[Canvas, io.BytesIO]:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=A4, invariant=True)
    canvas.setTitle(title)
    canvas.saveState()
    canvas.translate(300, 420)
    canvas.rotate(40)
    canvas.setFillColor(HexColor("#eeeeee"))
    canvas.setFont("Helvetica-Bold", 90)
    canvas.drawCentredString(0, 0, "SPECIMEN")
    canvas.restoreState()
    canvas.setFillColor(BLUE)
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(50, 780, issuer)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(50, 690, title)
    canvas.setFillColor(HexColor("#000000"))
    canvas.setFont("Helvetica", 11)
    return canvas, made


def _lines(canvas: Canvas, x: int, y: int, lines: list[str], step: int = 16) -> None:
    for number, line in enumerate(lines):
        canvas.drawString(x, y - number * step, line)


def _bill(who: TownCitizen, billed: date, dice: random.Random) -> bytes:
    canvas, made = _page(f"Votre facture du {billed:%d/%m/%Y}", "Énergie Exemple")
    _lines(canvas, 340, 780, [f"{who.given_name} {who.family_name}", who.street_address,
                              f"{who.postal_code} {who.locality}"])  # fmt: skip
    place = f"Lieu de consommation : {who.street_address}, {who.postal_code} {who.locality}"
    client, point = dice.randint(10**8, 10**9), dice.randint(10**12, 10**13)
    _lines(canvas, 50, 660, [f"Référence client {client}", f"Point de livraison {point}", place])
    amount = 0.0
    canvas.setFillColor(GREY)
    for row in range(4):
        y = 570 - row * 28
        used = dice.randint(40, 260)
        amount += used * 0.2276
        canvas.line(50, y - 8, 545, y - 8)
        canvas.drawString(55, y, f"Consommation, période {row + 1}")
        canvas.drawRightString(400, y, f"{used} kWh")
        canvas.drawRightString(540, y, f"{used * 0.2276:.2f} €")
    canvas.setFillColor(BLUE)
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawRightString(540, 430, f"Montant à payer : {amount:.2f} €")
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def _certificate(who: TownCitizen, dice: random.Random) -> bytes:
    canvas, made = _page("Acte de naissance (copie intégrale)", "Mairie d'Exemple-sur-Seine")
    _lines(canvas, 50, 650, [
        f"Acte n° {dice.randint(100, 999)}", "",
        f"Le {dice.randint(1, 28)} mai 2020 est né à Exemple-sur-Seine : Noé {who.family_name},",
        f"de {who.given_name} {who.family_name}, demeurant {who.street_address}.", "",
        "Dressé le lendemain par l'officier de l'état civil,", "qui a signé avec le déclarant après lecture.",
    ], 20)  # fmt: skip
    canvas.circle(440, 420, 45)
    canvas.drawCentredString(440, 416, "Mairie")
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def _tax(who: TownCitizen, today: date, dice: random.Random) -> bytes:
    canvas, made = _page(
        f"Avis d'impôt {today.year} sur les revenus de {today.year - 1}", "Finances publiques (exemple)"
    )
    income = dice.randint(14_000, 52_000)
    _lines(canvas, 50, 650, [
        f"{who.given_name} {who.family_name}", who.street_address, f"{who.postal_code} {who.locality}", "",
        f"Revenu fiscal de référence : {income:,} €".replace(",", " "),
        f"Nombre de parts : {dice.choice(['1', '2', '2,5', '3'])}",
        f"Référence de l'avis : {dice.randint(10**12, 10**13)}",
    ], 20)  # fmt: skip
    canvas.showPage()
    canvas.setFont("Helvetica", 11)
    _lines(canvas, 50, 780, ["Détail du calcul (page 2)", f"Impôt avant réduction : {income // 14} €"], 20)
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def _card(who: TownCitizen, dice: random.Random) -> bytes:
    """A card photographed on a table: a little turned, a little soft, with a shadow."""
    table = Image.new("RGB", (1600, 1100), (118, 88, 62))
    grain = ImageDraw.Draw(table)
    for y in range(0, 1100, 6):
        shade = dice.randint(-10, 10)
        grain.line([(0, y), (1600, y)], fill=(118 + shade, 88 + shade, 62 + shade), width=4)
    card = Image.new("RGBA", (1130, 710), (214, 226, 238, 255))
    draw = ImageDraw.Draw(card)
    draw.rectangle([0, 0, 1130, 90], fill=(70, 100, 150))
    draw.text((30, 26), "CARTE NATIONALE D'IDENTITÉ  (SPECIMEN)", fill="white", font=ImageFont.load_default(40))
    draw.rectangle([40, 140, 340, 540], fill=(190, 200, 205), outline=(90, 90, 90), width=3)
    draw.ellipse([120, 190, 260, 350], fill=(150, 125, 105))
    draw.pieslice([70, 370, 310, 700], 180, 360, fill=(80, 90, 120))
    rows = (("Nom", who.family_name.upper()), ("Prénoms", who.given_name), ("Né(e) le", who.birthdate),
            ("Nationalité", "FRA"), ("Expire le", "2031-04-30"))  # fmt: skip
    for row, (name, value) in enumerate(rows):
        draw.text((390, 140 + row * 84), name, fill=(90, 90, 110), font=ImageFont.load_default(26))
        draw.text((390, 168 + row * 84), value, fill=(15, 15, 30), font=ImageFont.load_default(40))
    filler = "<" * 30
    draw.text((40, 600), f"IDFRA{who.family_name.upper().replace(' ', '<')}{filler}"[:36], fill=(30, 30, 30),
              font=ImageFont.load_default(38))  # fmt: skip
    turned = card.rotate(dice.uniform(-4, 4), expand=True, resample=Image.Resampling.BICUBIC)
    shadow = Image.new("RGBA", turned.size, (0, 0, 0, 0))
    shadow.paste((0, 0, 0, 120), mask=turned.split()[3])
    place = (200 + dice.randint(-20, 20), 170)
    blurred = shadow.filter(ImageFilter.GaussianBlur(14))
    table.paste(blurred, (place[0] + 14, place[1] + 18), blurred)
    table.paste(turned, place, turned)
    made = io.BytesIO()
    table.filter(ImageFilter.GaussianBlur(0.8)).save(made, "JPEG", quality=82)
    return made.getvalue()
