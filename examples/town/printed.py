"""The printed papers: bill, rent receipt, insurances, tax notice, payslip, family quotient."""

from __future__ import annotations

import random
from datetime import date, timedelta

from examples.town.people import TownCitizen
from examples.town.sheet import GREY, LEFT, RIGHT, Sheet, euros

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre")  # fmt: skip
SHORT_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
INVENTED = "SPECIMEN : entreprise, personne et montants inventés."


def said(day: date) -> str:
    """As a letter says a date: 3 mars 2026."""
    return f"{day.day}{'er' if day.day == 1 else ''} {MONTHS[day.month - 1]} {day.year}"


def electricity_bill(who: TownCitizen, billed: date, dice: random.Random) -> bytes:
    """Two months of electricity, with a year's consumption drawn."""
    sheet = Sheet("Facture d'électricité", "#0b6e4f")
    sheet.letterhead("Énergie Exemple", ("Service clients 09 00 00 00 00, du lundi au samedi", "www.energie.example"))
    sheet.window(who.address_lines)
    sheet.text(LEFT, 712, f"Facture du {said(billed)}", size=12, bold=True)
    facts = (
        f"N° de facture  {dice.randint(10**10, 10**11 - 1)}",
        f"Référence client  {dice.randint(10**8, 10**9 - 1)}",
        f"Point de livraison  {dice.randint(10**13, 10**14 - 1)}",
        "Puissance souscrite  6 kVA, option base",
    )
    sheet.paragraph(694, facts, size=8.5, step=12)
    used, price, months = dice.randint(180, 620), 0.2016, 2
    lines = (
        ("Abonnement", f"{months} mois", 12.68 * months),
        ("Consommation", f"{used} kWh à {price:.4f} €".replace(".", ","), used * price),
        ("Taxes et contributions", "", used * 0.0337 + 4.11),
        ("TVA", "20 %", used * price * 0.2 + 2.3),
    )
    total = sum(amount for _, _, amount in lines)
    sheet.box(330, 606, RIGHT - 330, 50, f"À payer avant le {said(billed + timedelta(days=15))}", euros(total))
    y = sheet.heading(570, "Le détail de votre facture")
    rows = [("", "Quantité", "Montant TTC"), *((name, much, euros(amount)) for name, much, amount in lines)]
    y = sheet.table(y, [*rows, ("Total", "", euros(total))], (420, RIGHT - 6))
    place = f"Lieu de consommation : {who.street_address}, {who.postal_code} {who.locality}"
    sheet.text(LEFT, y - 6, place, size=9, bold=True)
    y = sheet.heading(y - 40, "Votre consommation mois par mois (kWh)")
    for month in range(12):
        height = dice.randint(16, 70) + (25 if month in (0, 1, 2, 10, 11) else 0)
        sheet.canvas.setFillColor(sheet.colour)
        sheet.canvas.rect(LEFT + 14 + month * 40, y - 100, 24, height, stroke=0, fill=1)
        sheet.text(LEFT + 15 + month * 40, y - 112, SHORT_MONTHS[month], size=7, colour=GREY)
    sheet.canvas.setDash(3, 3)
    sheet.canvas.line(LEFT, 130, RIGHT, 130)
    sheet.canvas.setDash()
    sheet.text(LEFT, 112, "Prélèvement automatique : vous n'avez rien à faire.", size=9)
    sheet.text(LEFT, 98, f"Mandat ENX{dice.randint(10**6, 10**7)}  IBAN FR76 XXXX XXXX XXXX XXXX XX", size=8.5)
    for stripe in range(60):
        if dice.random() < 0.55:  # noqa: PLR2004 -- about half of the stripes
            sheet.canvas.rect(380 + stripe * 2.7, 84, dice.choice((1, 1.8)), 32, stroke=0, fill=1)
    sheet.small_print((INVENTED, "Énergie Exemple, SA au capital de 1 000 €, RCS Exemple-sur-Seine 000 000 000."))
    return sheet.finished()


def rent_receipt(who: TownCitizen, paid: date, dice: random.Random) -> bytes:
    """A month's rent, as an agency writes it."""
    sheet = Sheet("Quittance de loyer", "#7a3b1d")
    sheet.letterhead("Agence du Moulin", ("12 place de la Fontaine, 75020 Exemple-sur-Seine",), "roof")
    sheet.window(who.address_lines)
    sheet.text(LEFT, 630, f"Quittance de loyer, {MONTHS[paid.month - 1]} {paid.year}", size=16, bold=True)
    rent, charges = dice.randint(480, 1150), dice.randint(40, 160)
    y = sheet.paragraph(596, (
        "Je soussignée, Agence du Moulin, mandataire du propriétaire du logement situé",
        f"{who.street_address}, {who.postal_code} {who.locality},",
        f"reconnais avoir reçu de {who.name} la somme de {euros(rent + charges)}",
        f"au titre du loyer et des charges pour le mois de {MONTHS[paid.month - 1]} {paid.year}.",
    ))  # fmt: skip
    y = sheet.heading(y - 16, "Détail du règlement")
    rows = [("", "Montant"), ("Loyer", euros(rent)), ("Provision pour charges", euros(charges)),
            ("Total reçu", euros(rent + charges))]  # fmt: skip
    y = sheet.table(y, rows, (RIGHT - 6,))
    sheet.text(LEFT, y - 30, f"Fait à {who.locality}, le {said(paid)}.")
    sheet.text(360, y - 30, "Pour l'agence")
    sheet.signature(360, y - 66, dice.getrandbits(16))
    sheet.small_print((INVENTED, "Cette quittance annule tous les reçus donnés pour le même terme."))
    return sheet.finished()


def insurance(who: TownCitizen, since: date, dice: random.Random, *, school: bool) -> bytes:
    """A home insurance certificate, or a child's for school."""
    kind = "Attestation d'assurance scolaire" if school else "Attestation d'assurance habitation"
    sheet = Sheet(kind, "#1f4e8c")
    sheet.letterhead("Mutuelle des Tilleuls", ("4 avenue des Peupliers, 75020 Exemple-sur-Seine",), "bars")
    sheet.window(who.address_lines)
    sheet.text(LEFT, 630, kind, size=16, bold=True)
    end = date(since.year + 1, 8, 31) if school else since + timedelta(days=364)
    person = f"{who.child} {who.family_name.upper()}" if school else who.name
    covered = (
        ("Responsabilité civile", "Individuelle accident", "Activités sur le temps de midi", "Sorties et voyages")
        if school
        else ("Incendie et explosion", "Dégât des eaux", "Vol et vandalisme", "Responsabilité civile du locataire")
    )
    y = sheet.paragraph(596, (
        f"La Mutuelle des Tilleuls atteste que {person},",
        f"bénéficie du contrat d'assurance n° {dice.randint(10**7, 10**8)},",
        f"pour la période du {said(since)} au {said(end)}.",
        "" if school else f"Adresse du risque : {who.street_address}, {who.postal_code} {who.locality}.",
    ))  # fmt: skip
    y = sheet.heading(y - 10, "Garanties")
    y = sheet.table(y, [("Garantie", "Acquise"), *((name, "oui") for name in covered)], (RIGHT - 6,))
    sheet.text(LEFT, y - 24, f"Attestation délivrée le {said(since)} pour servir et valoir ce que de droit.")
    sheet.text(360, y - 50, "La directrice")
    sheet.signature(360, y - 86, dice.getrandbits(16))
    sheet.small_print((INVENTED,))
    return sheet.finished()


def tax_notice(who: TownCitizen, year: int, dice: random.Random) -> bytes:
    """Two pages: what one shows, and how it was worked out. year: of the income."""
    sheet = Sheet(f"Avis d'impôt {year + 1}", "#23407a")
    sheet.letterhead("FINANCES PUBLIQUES", ("Spécimen, sans valeur. Centre d'Exemple-sur-Seine",), "bars")
    sheet.window(who.address_lines)
    sheet.text(LEFT, 690, f"AVIS D'IMPÔT {year + 1}", size=18, bold=True, colour=sheet.colour)
    sheet.text(LEFT, 672, f"sur les revenus de l'année {year}", size=11)
    income, shares = dice.randint(14_000, 52_000), dice.choice((1.0, 2.0, 2.5, 3.0))
    tax = max(0, round((income - 11_500 * shares) * 0.11))
    y = sheet.heading(620, "Vos références")
    number = " ".join(f"{dice.randint(0, 99):02d}" for _ in range(6))
    references = (f"{number} S", f"{year - 1999} 75 A{dice.randint(10**7, 10**8)}", f"750 {dice.randint(10**8, 10**9)}")
    y = sheet.table(y, [("Numéro fiscal", "Référence de l'avis", "N° FIP"), references], (340, RIGHT - 6))
    sheet.box(LEFT, y - 62, 240, 52, "Revenu fiscal de référence", f"{income:,} €".replace(",", " "))
    sheet.box(307, y - 62, 240, 52, "Montant de l'impôt", f"{tax:,} €".replace(",", " "))
    y = sheet.heading(y - 104, "Situation du foyer")
    count = f"{shares:g}".replace(".", ",")
    y = sheet.table(y, [("", "Déclarant"), ("Nom et prénom", who.name), ("Date de naissance", who.born),
                        ("Nombre de parts", count)], (RIGHT - 6,))  # fmt: skip
    y = sheet.paragraph(y - 14, (
        f"Adresse d'imposition au 1er janvier {year + 1} : {who.street_address}, {who.postal_code} {who.locality}.",
        f"Date d'établissement : 01/08/{year + 1}.    Date de mise en recouvrement : 31/07/{year + 1}.",
    ), size=9)  # fmt: skip
    sheet.small_print((INVENTED, "Page 1/2"))
    sheet.next_page()
    sheet.text(LEFT, 790, "Détail du calcul", size=14, bold=True, colour=sheet.colour)
    wages = round(income / 0.9)
    rows = [("", "Montant"), ("Salaires", euros(wages)), ("Déduction de 10 %", euros(wages - income)),
            ("Revenu brut global", euros(income)), ("Revenu imposable", euros(income)),
            (f"Quotient (revenu / {count} parts)", euros(income / shares)), ("Impôt avant corrections", euros(tax)),
            ("Prélèvement à la source déjà payé", euros(tax)), ("Reste à payer", euros(0))]  # fmt: skip
    y = sheet.table(sheet.heading(750, "Impôt sur le revenu"), rows, (RIGHT - 6,))
    sheet.paragraph(y - 20, (
        "Vous pouvez utiliser cet avis pour justifier de vos revenus et de vos charges.",
        "Vous n'avez rien à payer : votre impôt a été prélevé chaque mois.",
    ))  # fmt: skip
    sheet.small_print((INVENTED, "Page 2/2"))
    return sheet.finished()


def payslip(who: TownCitizen, month: date, dice: random.Random) -> bytes:
    """A month's pay."""
    sheet = Sheet("Bulletin de paie", "#4a4a8a")
    sheet.letterhead("Ateliers du Port", ("8 rue du Port, 75020 Exemple-sur-Seine", "SIRET 000 000 000 00000"), "roof")
    sheet.window(who.address_lines)
    sheet.text(LEFT, 690, "BULLETIN DE PAIE", size=15, bold=True)
    sheet.text(LEFT, 674, f"Période : {MONTHS[month.month - 1]} {month.year}", size=10)
    gross = dice.randint(1850, 3900)
    shares = (("Sécurité sociale, maladie", 0.0), ("Retraite de base", 6.9), ("Retraite complémentaire", 3.15),
              ("CSG et CRDS déductibles", 6.8), ("CSG et CRDS non déductibles", 2.9))  # fmt: skip
    held = [(name, rate, gross * rate / 100) for name, rate in shares]
    net = gross - sum(amount for _, _, amount in held)
    tax = net * 0.042
    rows = [("Rubrique", "Base", "Taux", "Retenue"), ("Salaire de base, 151,67 h", euros(gross), "", "")]
    rows += [(name, euros(gross), f"{rate:.2f} %".replace(".", ","), euros(amount)) for name, rate, amount in held]
    rows += [("Impôt prélevé à la source", euros(net), "4,20 %", euros(tax))]
    y = sheet.table(sheet.heading(620, "Salaire et cotisations"), rows, (350, 430, RIGHT - 6))
    sheet.box(LEFT, y - 66, 240, 52, "Net avant impôt", euros(net))
    sheet.box(307, y - 66, 240, 52, f"Net payé le {month:%d/%m/%Y}", euros(net - tax))
    sheet.paragraph(y - 96, (
        f"Emploi : agente ou agent d'atelier      Entrée : 01/03/{month.year - dice.randint(1, 12)}",
        f"Congés : acquis {dice.randint(8, 25)},5 j, pris {dice.randint(0, 8)},0 j",
    ), size=9)  # fmt: skip
    sheet.small_print((INVENTED, "Dans votre intérêt, conservez ce bulletin sans limitation de durée."))
    return sheet.finished()


def family_quotient(who: TownCitizen, issued: date, dice: random.Random) -> bytes:
    """What the family allowance office writes."""
    sheet = Sheet("Attestation de quotient familial", "#c2410c")
    sheet.letterhead("Allocations familiales", ("Spécimen, sans valeur. Caisse d'Exemple-sur-Seine",))
    sheet.window(who.address_lines)
    sheet.text(LEFT, 640, "Attestation de quotient familial", size=16, bold=True)
    sheet.text(LEFT, 620, f"N° allocataire {dice.randint(10**6, 10**7 - 1)}        Le {said(issued)}", size=10)
    sheet.box(LEFT, 540, RIGHT - LEFT, 56, f"Quotient familial, {MONTHS[issued.month - 1]} {issued.year}",
              f"{dice.randint(280, 1490)} €")  # fmt: skip
    rows = [
        ("Membre du foyer", "Né le"),
        (who.name, who.born),
        (f"{who.child} {who.family_name.upper()}", "11/05/2020"),
    ]
    sheet.table(sheet.heading(500, "Votre foyer"), rows, (RIGHT - 6,))
    sheet.small_print((INVENTED,))
    return sheet.finished()
