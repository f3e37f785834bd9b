"""The pages in English."""

from services.intake.model.contact import ContactState
from services.intake.pages.wording.texts import Fault, Field, Headed, Standing, Texts

MONTHS = "January February March April May June July August September October November December"

PRIVACY = (
    Headed(
        "Who is responsible",
        (
            "{name} is the controller of your personal data. You reach us at {phone} or {e_mail}. "
            "You reach our data protection officer at {data_protection}.",
        ),
    ),
    Headed(
        "Why we need what you tell us",
        (
            "We use what you write to answer you, and to let the right person take care of your question. That is a "
            "task in the public interest (General Data Protection Regulation, article 6.1 e). To register what comes "
            "in to a municipality is a duty under Swedish law (article 6.1 c).",
            "You choose what you tell. Without a way to reach you we cannot get back to you. "
            "No decision is made automatically.",
        ),
    ),
    Headed(
        "Who may see it",
        (
            "Those at the municipality who work with your question. What you send becomes a public record. When "
            "somebody asks to see it, we first examine whether something in it is secret. We do not hand it over to "
            "any country outside the EU and EEA.",
        ),
    ),
    Headed(
        "How long it is kept",
        (
            "As long as your question is open, and after that as long as the Swedish archives act and the "
            "municipality's decisions say. Your network address is used only to prevent misuse of the form. "
            "We do not keep it.",
        ),
    ),
    Headed(
        "Your rights",
        (
            "You have the right to know what we have about you, to have mistakes corrected, to object, and in some "
            "cases to have data erased or restricted. Contact us or the data protection officer. If you are not "
            "satisfied you can complain to the Swedish Authority for Privacy Protection, imy.se.",
        ),
    ),
)

ENGLISH = Texts(
    months=tuple(MONTHS.split()),
    moment="{day} {month} {year} at {at:%H:%M}",
    skip="Skip to the content",
    other_language="På svenska",
    error_title="Error:",
    summary="Something needs to be put right",
    optional="(optional)",
    questions="Would you rather talk to somebody?",
    phone_us="Call",
    mail_us="or mail",
    form_title="Ask us about your business",
    form_lead=(
        "Tell us what you want to do or need help with. You do not have to know whom to ask: "
        "we see to it that it reaches the right person."
    ),
    anonymous=Headed(
        "You may be anonymous",
        (
            "Only the first box must be filled in. Without a way to reach you we cannot get back to you, but when you "
            "have sent the form you get a code with which you can follow your question.",
        ),
    ),
    company="The company",
    person="How we reach you",
    details="Good for us to know",
    fields={
        "wish": Field(
            "What do you want help with?",
            "Use your own words: what you want to do, where and when, for instance. "
            "Write nothing about health or other sensitive things that we do not need.",
        ),
        "case_type": Field("What is it about?", "If you are not sure, leave it. We sort it out."),
        "company_name": Field("Name of the company"),
        "organisation_number": Field("Organisation number", "Ten digits, such as 556016-0680."),
        "name": Field("Your name"),
        "phone": Field("Phone", "Such as 0531-52 60 00 or +46 531 52 60 00."),
        "e_mail": Field("E-mail", "Such as name@company.com."),
        "place": Field("Which place is it about?", "An address, a property, or how to find it."),
        "answer_language": Field("In which language do you want the answer?"),
        "interpreter": Field("Do you need an interpreter?", "Choose a language. It is free of charge."),
        "opening_on": Field(
            "When do you want to open or begin?", "A rough date will do. Write year-month-day, such as 2027-06-01."
        ),
        "attachments": Field(
            "Files", "Drawings, pictures or anything else that helps us. At most {files} files, {mb} MB each."
        ),
        "more": Field("Leave this field empty", "It is there to recognise robots."),
    },
    do_not_know="I do not know, or something else",
    no_interpreter="No interpreter",
    languages={
        "sv": "Swedish",
        "en": "English",
        "fi": "Finnish",
        "ar": "Arabic",
        "so": "Somali",
        "ti": "Tigrinya",
        "fa": "Persian",
        "prs": "Dari",
        "ku": "Kurdish",
        "tr": "Turkish",
        "uk": "Ukrainian",
        "ru": "Russian",
        "pl": "Polish",
        "th": "Thai",
        "vi": "Vietnamese",
        "zh": "Chinese",
        "es": "Spanish",
        "fr": "French",
        "de": "German",
        "da": "Danish",
        "nb": "Norwegian",
        "se": "Northern Sami",
        "fit": "Meänkieli",
        "rom": "Romani",
        "yi": "Yiddish",
        "swl": "Swedish sign language",
    },
    survey="Yes, you may ask me afterwards how it went",
    before_sending="When you send the form we register what you have written.",
    privacy_link="How we treat your data",
    send="Send",
    privacy="How we treat your data",
    privacy_parts=PRIVACY,
    faults={
        Fault.WISH_MISSING: "Write what you want help with",
        Fault.WISH_LONG: "The text is too long: at most 20,000 characters",
        Fault.TOO_LONG: "The text is too long: at most {most} characters",
        Fault.UNKEPT: "The text has a character that cannot be kept. Write it anew",
        Fault.NO_CHOICE: "Choose something from the list",
        Fault.NUMBER_WRONG: "Check the organisation number: ten digits, such as 556016-0680",
        Fault.PHONE_WRONG: "Check the phone number, such as 0531-52 60 00",
        Fault.E_MAIL_WRONG: "Check the e-mail address, such as name@company.com",
        Fault.DATE_WRONG: "Write the date as year-month-day, such as 2027-06-01",
        Fault.NOT_EMPTY: "Remove what is in the field that is to be empty",
        Fault.TOO_SOON: "That was unusually fast. Nothing is sent yet: look it through and press Send once more",
        Fault.TOO_OLD: "The page has been open for long. Nothing is sent yet: look it through and press Send once more",
        Fault.SENT_BEFORE: (
            "The form has been sent already, and we have what you wrote then. "
            "If you want to send this too, as a new question, press Send once more"
        ),
        Fault.AWAY: "We cannot take it in just now. Nothing is sent, but your text is still here: try again in a while",
        Fault.TOO_OFTEN: (
            "Much has come from your network address. Nothing is sent, but your text is still here: "
            "wait a while and press Send once more"
        ),
        Fault.FILES_AGAIN: "Choose the files once more: they did not come along",
        Fault.FILE_LARGE: "One of the files is too large: at most {most} MB. Choose the files once more",
        Fault.FILES_LARGE: "The files are too large together: at most {most} MB. Choose the files once more",
        Fault.FILES_MANY: "There are too many files: at most {most}. Choose the files once more",
        Fault.FILE_INFECTED: "One of the files may hold malicious code, and none was kept. Choose other files",
        Fault.NO_SUCH_CODE: "We find no question with that code. Check that all 28 characters are there",
    },
    receipt_title="Thank you, we have received your question",
    your_number="Your number",
    your_code="Your code",
    keep_code=(
        "Keep the code, or print the page. With it you can see how your question fares, even if you are anonymous. "
        "Whoever has the code can see that, so give it only to somebody you trust."
    ),
    receipt_shown="This page can be opened for one hour. After that only you have the code.",
    what_now="What happens now?",
    next_steps=(
        "We read what you have written and see to it that it reaches the right person.",
        "If you have given a phone number or e-mail address, you are told who takes care of it.",
        "Do you want to add something? Call us and give your number.",
    ),
    to_follow_up="See how your question fares",
    follow_up_title="Follow your question",
    follow_up_lead="Write the code that you got when you sent the form.",
    code=Field("Your code", "28 letters and digits. Capital letters and hyphens make no difference."),
    look="Show",
    to_form="Ask a new question",
    standing_title="How your question fares",
    state="How it stands",
    with_whom="With whom",
    promised="Promised answer",
    promise="{at} at the latest, from: {by}",
    next="Next step",
    standings={
        ContactState.AT_RECEPTION: Standing(
            "We have received your question.", "We read it and answer you, or hand it over to the right person."
        ),
        ContactState.ANSWERED: Standing(
            "Your question has been answered.",
            "Have you not got the answer, or is there something more? Call us and give your number.",
        ),
        ContactState.HANDED_OVER: Standing(
            "We have received your question and handed it over to those who know about it.",
            "An officer takes it on. If you have given a phone number or e-mail address, you are told who.",
        ),
        ContactState.TAKEN: Standing(
            "An officer has taken care of your question.",
            "The officer gets back to you if you have given a phone number or e-mail address. "
            "You can also call us and give your number.",
        ),
    },
    no_form="There is no form here. Check the address, or go to the website of the municipality.",
    no_receipt=(
        "The receipt is shown for one hour after you have sent the form. We have your question. "
        "If you have kept the code you can see how it fares."
    ),
    too_large="What you sent is too large. Go back, and send less text or fewer files.",
    number_to_give="Give this number if you contact us about the error:",
)
