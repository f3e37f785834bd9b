"""The pages in Swedish."""

from services.intake.model.contact import ContactState
from services.intake.pages.wording.texts import Fault, Field, Headed, Standing, Texts

MONTHS = "januari februari mars april maj juni juli augusti september oktober november december"

PRIVACY = (
    Headed(
        "Vem som ansvarar",
        (
            "{name} är personuppgiftsansvarig. Du når oss på {phone} eller {e_mail}. "
            "Vårt dataskyddsombud når du på {data_protection}.",
        ),
    ),
    Headed(
        "Varför vi behöver uppgifterna",
        (
            "Vi använder det du skriver för att svara dig och för att rätt person ska kunna ta hand om din fråga. "
            "Det är en uppgift av allmänt intresse (dataskyddsförordningen artikel 6.1 e). Att registrera det som "
            "kommer in till en kommun är en skyldighet enligt lag (artikel 6.1 c).",
            "Du väljer själv vad du berättar. Utan kontaktuppgifter kan vi inte höra av oss till dig. "
            "Inget beslut fattas automatiskt.",
        ),
    ),
    Headed(
        "Vem som får se dem",
        (
            "De som arbetar med din fråga hos kommunen. Det du skickar blir en allmän handling. Om någon ber att få se "
            "den prövar vi först om något i den är hemligt. Vi lämnar inte uppgifterna till något land utanför EU "
            "och EES.",
        ),
    ),
    Headed(
        "Hur länge de finns kvar",
        (
            "Så länge din fråga pågår, och därefter så länge arkivlagen och kommunens gallringsbeslut säger. "
            "Din nätadress används bara för att hindra missbruk av formuläret. Vi sparar den inte.",
        ),
    ),
    Headed(
        "Dina rättigheter",
        (
            "Du har rätt att få veta vad vi har om dig, att få fel rättade, att invända, och i vissa fall att få "
            "uppgifter raderade eller begränsade. Hör av dig till oss eller till dataskyddsombudet. Är du inte nöjd "
            "kan du klaga hos Integritetsskyddsmyndigheten, imy.se.",
        ),
    ),
)

SWEDISH = Texts(
    months=tuple(MONTHS.split()),
    moment="{day} {month} {year} klockan {at:%H.%M}",
    skip="Hoppa till innehållet",
    other_language="In English",
    error_title="Fel:",
    summary="Något behöver rättas till",
    optional="(frivilligt)",
    questions="Hellre prata med någon?",
    phone_us="Ring",
    mail_us="eller mejla",
    form_title="Fråga oss om ditt företag",
    form_lead=(
        "Berätta vad du vill göra eller behöver hjälp med. Du behöver inte veta vem du ska fråga: "
        "vi ser till att det kommer till rätt person."
    ),
    anonymous=Headed(
        "Du får vara anonym",
        (
            "Bara den första rutan måste fyllas i. Utan kontaktuppgifter kan vi inte höra av oss, men när du har "
            "skickat får du en kod som du kan följa din fråga med.",
        ),
    ),
    company="Företaget",
    person="Så når vi dig",
    details="Bra för oss att veta",
    fields={
        "wish": Field(
            "Vad vill du ha hjälp med?",
            "Skriv med egna ord, till exempel vad du vill göra, var och när. "
            "Skriv inget om hälsa eller annat känsligt som vi inte behöver.",
        ),
        "case_type": Field("Vad handlar det om?", "Är du osäker så låt det vara. Vi reder ut det."),
        "company_name": Field("Företagets namn"),
        "organisation_number": Field("Organisationsnummer", "Tio siffror, till exempel 556016-0680."),
        "name": Field("Ditt namn"),
        "phone": Field("Telefon", "Till exempel 0531-52 60 00."),
        "e_mail": Field("E-post", "Till exempel namn@foretaget.se."),
        "place": Field("Vilken plats gäller det?", "En adress, en fastighet, eller hur man hittar dit."),
        "answer_language": Field("Vilket språk vill du ha svar på?"),
        "interpreter": Field("Behöver du tolk?", "Välj språk. Tolken är gratis för dig."),
        "opening_on": Field(
            "När vill du öppna eller börja?",
            "Ungefär räcker. Skriv år-månad-dag, till exempel 2027-06-01.",
        ),
        "attachments": Field(
            "Filer", "Ritningar, bilder eller annat som hjälper oss. Högst {files} filer, {mb} MB var."
        ),
        "more": Field("Låt det här fältet vara tomt", "Det är till för att känna igen robotar."),
    },
    do_not_know="Vet inte, eller något annat",
    no_interpreter="Nej, ingen tolk",
    languages={
        "sv": "svenska",
        "en": "engelska",
        "fi": "finska",
        "ar": "arabiska",
        "so": "somaliska",
        "ti": "tigrinska",
        "fa": "persiska",
        "prs": "dari",
        "ku": "kurdiska",
        "tr": "turkiska",
        "uk": "ukrainska",
        "ru": "ryska",
        "pl": "polska",
        "th": "thailändska",
        "vi": "vietnamesiska",
        "zh": "kinesiska",
        "es": "spanska",
        "fr": "franska",
        "de": "tyska",
        "da": "danska",
        "nb": "norska",
        "se": "nordsamiska",
        "fit": "meänkieli",
        "rom": "romani",
        "yi": "jiddisch",
        "swl": "svenskt teckenspråk",
    },
    survey="Ja, ni får fråga mig efteråt hur det gick",
    before_sending="När du skickar registrerar vi det du har skrivit.",
    privacy_link="Så hanterar vi dina uppgifter",
    send="Skicka",
    privacy="Så hanterar vi dina uppgifter",
    privacy_parts=PRIVACY,
    faults={
        Fault.WISH_MISSING: "Skriv vad du vill ha hjälp med",
        Fault.WISH_LONG: "Texten är för lång: högst 20 000 tecken",
        Fault.TOO_LONG: "Texten är för lång: högst {most} tecken",
        Fault.UNKEPT: "Texten har ett tecken som inte går att spara. Skriv om den",
        Fault.NO_CHOICE: "Välj något i listan",
        Fault.NUMBER_WRONG: "Kontrollera organisationsnumret: tio siffror, till exempel 556016-0680",
        Fault.PHONE_WRONG: "Kontrollera telefonnumret, till exempel 0531-52 60 00",
        Fault.E_MAIL_WRONG: "Kontrollera e-postadressen, till exempel namn@foretaget.se",
        Fault.DATE_WRONG: "Skriv datumet som år-månad-dag, till exempel 2027-06-01",
        Fault.NOT_EMPTY: "Ta bort det som står i fältet som ska vara tomt",
        Fault.TOO_SOON: "Det gick ovanligt fort. Inget är skickat än: titta igenom och tryck Skicka en gång till",
        Fault.TOO_OLD: "Sidan har varit öppen länge. Inget är skickat än: titta igenom och tryck Skicka en gång till",
        Fault.SENT_BEFORE: (
            "Formuläret är redan skickat, och vi har tagit emot det du skrev då. "
            "Vill du skicka det här också, som en ny fråga, tryck Skicka en gång till"
        ),
        Fault.AWAY: "Just nu kan vi inte ta emot. Inget är skickat, men din text står kvar: försök igen om en stund",
        Fault.TOO_OFTEN: (
            "Det har kommit mycket från din nätadress. Inget är skickat, men din text står kvar: "
            "vänta en stund och tryck Skicka en gång till"
        ),
        Fault.FILES_AGAIN: "Välj filerna en gång till: de följde inte med",
        Fault.FILE_LARGE: "En av filerna är för stor: högst {most} MB. Välj filerna en gång till",
        Fault.FILES_LARGE: "Filerna är för stora tillsammans: högst {most} MB. Välj filerna en gång till",
        Fault.FILES_MANY: "Filerna är för många: högst {most}. Välj filerna en gång till",
        Fault.FILE_INFECTED: "En av filerna kan innehålla skadlig kod, och ingen har sparats. Välj andra filer",
        Fault.NO_SUCH_CODE: "Vi hittar ingen fråga med den koden. Kontrollera att alla 28 tecken är med",
    },
    receipt_title="Tack, vi har tagit emot din fråga",
    your_number="Ditt nummer",
    your_code="Din kod",
    keep_code=(
        "Spara koden, eller skriv ut sidan. Med den kan du se hur det går för din fråga, även om du är anonym. "
        "Den som har koden kan se det, så ge den bara till den du litar på."
    ),
    receipt_shown="Den här sidan går att öppna i en timme. Därefter finns koden bara hos dig.",
    what_now="Vad händer nu?",
    next_steps=(
        "Vi läser det du har skrivit och ser till att det kommer till rätt person.",
        "Har du lämnat telefon eller e-post får du veta vem som tar hand om det.",
        "Vill du lägga till något? Ring oss och uppge ditt nummer.",
    ),
    to_follow_up="Se hur det går för din fråga",
    follow_up_title="Följ din fråga",
    follow_up_lead="Skriv koden som du fick när du skickade formuläret.",
    code=Field("Din kod", "28 bokstäver och siffror. Stora bokstäver och streck spelar ingen roll."),
    look="Visa",
    to_form="Ställ en ny fråga",
    standing_title="Så går det för din fråga",
    state="Läget nu",
    with_whom="Hos vem",
    promised="Lovat svar",
    promise="Senast {at}, från: {by}",
    next="Nästa steg",
    standings={
        ContactState.AT_RECEPTION: Standing(
            "Vi har tagit emot din fråga.", "Vi läser den och svarar dig, eller lämnar den till rätt person."
        ),
        ContactState.ANSWERED: Standing(
            "Din fråga är besvarad.",
            "Har du inte fått svaret, eller undrar du något mer? Ring oss och uppge ditt nummer.",
        ),
        ContactState.HANDED_OVER: Standing(
            "Vi har tagit emot din fråga och lämnat den till dem som kan den.",
            "En handläggare tar sig an den. Har du lämnat telefon eller e-post får du veta vem.",
        ),
        ContactState.TAKEN: Standing(
            "En handläggare har tagit hand om din fråga.",
            "Handläggaren hör av sig om du har lämnat telefon eller e-post. "
            "Du kan också ringa oss och uppge ditt nummer.",
        ),
    },
    no_form="Här finns inget formulär. Kontrollera adressen, eller gå till kommunens webbplats.",
    no_receipt=(
        "Kvittot visas bara i en timme efter att du har skickat. Din fråga finns hos oss. "
        "Har du sparat koden kan du se hur det går."
    ),
    too_large="Det du skickade är för stort. Gå tillbaka, och skicka mindre text eller färre filer.",
    number_to_give="Uppge det här numret om du hör av dig om felet:",
)
