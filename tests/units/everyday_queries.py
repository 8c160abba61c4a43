"""Everyday search queries, and what they find."""

# The subjects that the first three results may have, and the words of a query that an item must have one of to be more
# than a fill-up: as a pattern for whole words.
EVERYDAY = {
    # One word.
    "docker": ("containers", r"dockers?"),
    "kubernetes": ("containers", "kubernetes"),
    "postgres": ("databases containers", "postgres"),
    "sql": ("databases", "sql"),
    "python": ("programming machine-learning", r"pythons?"),
    "javascript": ("web-development programming", "javascript"),
    "react": ("web-development", r"react(?:s|ed|ing)?"),
    "linux": ("linux", "linux"),
    "chatgpt": ("ai machine-learning", "chatgpt"),
    "bitcoin": ("crypto", r"bitcoins?"),
    "inflation": ("economics", "inflation"),
    "tennis": ("tennis", "tennis"),
    "basketball": ("basketball", r"basketballs?"),
    "running": ("running", r"runs?|running"),
    "horses": ("horses", r"horses?"),
    "dinosaurs": ("dinosaurs", r"dinosaurs?"),
    "pizza": ("pizza", r"pizzas?"),
    "baking": ("baking", r"bak(?:e|es|ed|ing)"),
    "cats": ("cats", r"cats?"),
    "yoga": ("yoga meditation", "yoga"),
    "chess": ("chess", "chess"),
    "history": ("history", r"histor(?:y|ies)"),
    "philosophy": ("philosophy", r"philosoph(?:y|ies)"),
    "anxiety": ("mental-health psychology meditation climate", r"anxiet(?:y|ies)"),
    "insomnia": ("sleep meditation", "insomnia"),
    "volcano": ("volcanoes", r"volcano(?:s|es)?"),
    "tornado": ("weather", r"tornado(?:s|es)?"),
    "trains": ("trains", r"train(?:s|ed|ing)?"),
    "golf": ("golf", r"golf(?:s|ing)?"),
    "surfing": ("surfing", r"surf(?:s|ed|ing)?"),
    "crochet": ("knitting sewing", r"crochet(?:s|ed|ing)?"),
    "minimalism": ("decluttering", "minimalism"),
    "stoicism": ("philosophy", "stoicism"),
    "dna": ("biology", "dna"),
    "telescope": ("astronomy", r"telescopes?"),
    # Two words, as in a search box.
    "cooking pasta": ("cooking", r"cook(?:s|ed|ing)?|pastas?"),
    "solo travel": ("travel", r"solo|travel(?:s|ed|ing)?"),
    "black holes": ("astronomy", r"black|holes?"),
    "machine learning": ("machine-learning", r"machines?"),
    "data science": ("machine-learning", r"data|sciences?"),
    "vector search": ("ai machine-learning", r"vectors?|search(?:es|ed|ing)?"),
    "web development": ("web-development programming", r"web|development"),
    "shell scripts": ("linux", r"shells?|scripts?"),
    "password manager": ("cybersecurity", r"passwords?|managers?"),
    "phishing emails": ("cybersecurity", r"phishing|emails?"),
    "interest rates": ("economics mortgages", r"interest(?:s|ed|ing)?|rat(?:e|es|ed|ing)"),
    "index funds": ("finance", r"index(?:es)?|funds?"),
    "mortgage rates": ("mortgages finance", r"mortgages?|rat(?:e|es|ed|ing)"),
    "crypto wallet": ("crypto", r"cryptos?|wallets?"),
    "electric cars": ("electric-cars cars", r"electric|cars?"),
    "3d printing": ("3d-printing electronics", r"3d|print(?:s|ed|ing)?"),
    "robot arm": ("robotics", r"robots?|arms?"),
    "mental health": ("mental-health psychology", r"mental|health"),
    "weight loss": ("nutrition fitness", r"weights?|loss(?:es)?"),
    "intermittent fasting": ("nutrition", r"intermittent|fasting"),
    "back pain": ("medicine yoga meditation", r"backs?|pains?"),
    "blood pressure": ("medicine", r"bloods?|pressures?"),
    "wedding speech": ("weddings", r"weddings?|speech(?:es)?"),
    "baby names": ("pregnancy", r"bab(?:y|ies)|names?"),
    "board games": ("board-games", r"boards?|games?"),
    "fly fishing": ("fishing", r"fl(?:y|ies)|fish(?:es|ed|ing)?"),
    "rock climbing": ("climbing", r"rocks?|climb(?:s|ed|ing)?"),
    "film noir": ("movies", r"films?|filming|noir"),
    "greek gods": ("mythology", r"greek|gods?"),
    "night trains": ("trains travel", r"nights?|train(?:s|ed|ing)?"),
    "steam locomotives": ("trains", r"steam(?:s|ed|ing)?|locomotives?"),
    "street photography": ("photography", r"streets?|photography"),
    "watercolor painting": ("drawing", r"watercolors?|paint(?:s|ed|ing)s?"),
    "electric guitar": ("guitar", r"electric|guitars?"),
    "jazz piano": ("piano", r"jazz|pianos?"),
    "brazilian jiu-jitsu": ("martial-arts", r"brazilian|jiu|jitsu"),
    "sourdough starter": ("baking pizza", r"sourdough|starters?"),
    "cold brew": ("coffee wine", r"cold|brew(?:s|ed|ing)?"),
    "smoked brisket": ("barbecue", r"smok(?:e|es|ed|ing)|briskets?"),
    "natural wine": ("wine", r"natural|wines?"),
    "true crime": ("true-crime", r"true|crimes?"),
    "urban planning": ("architecture", r"urban|plan(?:s|ned|ning)?"),
    "climate change": ("climate", r"climates?|chang(?:e|es|ed|ing)"),
    "supreme court": ("law", r"supreme|courts?"),
    # Sentences and questions.
    "underwater drone footage": ("underwater drones", r"underwater|drones?|footage|videos?"),
    "meditation for anxiety": ("meditation mental-health", r"meditations?|anxiet(?:y|ies)"),
    "how to train a puppy": ("dogs", r"train(?:s|ed|ing)?|pupp(?:y|ies)"),
    "how to fix a leaky faucet": ("home-repair", r"fix(?:es|ed|ing)?|leaky|faucets?"),
    "how to learn spanish fast": ("languages", "spanish"),
    "how to lose weight": ("nutrition fitness", r"los(?:e|es|ing)|weights?"),
    "how to invest money": ("finance", r"invest(?:s|ed|ing)?|money"),
    "how to start a business": ("startups", r"business(?:es)?"),
    "how to start a podcast": ("podcasting", r"podcasts?|podcasting"),
    "how to write a novel": ("writing", r"writ(?:e|es|ing)|novels?"),
    "how to get better sleep": ("sleep", r"sleep(?:s|ing)?"),
    "how to stop procrastinating": ("productivity psychology", r"procrastinat(?:e|es|ed|ing)"),
    "how to negotiate a salary": ("careers", r"negotiat(?:e|es|ed|ing)|salar(?:y|ies)"),
    "how to buy a house": ("mortgages", r"hous(?:e|es|ed|ing)"),
    "how to play guitar for beginners": ("guitar", r"play(?:s|ed|ing)?|guitars?"),
    "how to bake sourdough bread at home": ("baking", r"bak(?:e|es|ed|ing)|sourdough|breads?|homes?"),
    "how do I set up a kubernetes cluster": ("containers", r"sets?|setting|kubernetes|clusters?"),
    "how do vaccines work": ("medicine", r"vaccines?|work(?:s|ed|ing)?"),
    "why do cats purr": ("cats", r"cats?|purr(?:s|ed|ing)?"),
    "why is the sky dark between the stars": ("astronomy", r"sk(?:y|ies)|dark|between|stars?"),
    "what happened to the roman empire": ("history", r"happen(?:s|ed|ing)?|romans?|empires?"),
    "what is quantum entanglement": ("physics", r"quantum|entanglements?"),
    "what is the meaning of life": ("philosophy", r"mean(?:s|ing)?|li(?:fe|ves)"),
    "explain large language models to me": ("ai machine-learning", r"large|languages?|model(?:s|ed|ing)?"),
    "tips for a job interview": ("careers", r"jobs?"),
    "best telescope for beginners": ("astronomy", r"telescopes?"),
    "train a neural network": ("machine-learning", r"train(?:s|ed|ing)?|neural|networks?"),
    "train for a marathon": ("running", r"train(?:s|ed|ing)?|marathons?"),
    "tame a wild horse": ("horses", r"tam(?:e|es|ed|ing)|wild|horses?"),
    "fix a slow sql query": ("databases", r"fix(?:es|ed|ing)?|slow|sql|quer(?:y|ies)"),
    "center a div with css": ("web-development", r"centers?|div|css"),
    "grow tomatoes on a balcony": ("gardening", r"grow(?:s|ing)?|tomato(?:es)?|balcon(?:y|ies)"),
    "sell more with email newsletters": ("marketing startups", r"sell(?:s|ing)?|emails?|newsletters?"),
    "declutter my closet": ("decluttering", r"declutter(?:s|ed|ing)?|closets?"),
    "speak in front of my wedding guests": ("weddings", r"speak(?:s|ing)?|front|weddings?|guests?"),
    "study for an exam the night before": ("studying", r"stud(?:y|ies|ied|ying)|exams?|nights?|before"),
    "raising a toddler": ("parenting", r"rais(?:e|es|ed|ing)|toddlers?"),
    "building a robot": ("robotics electronics", r"build(?:s|ing)?|robots?"),
    "learn to surf in portugal": ("surfing", r"surf(?:s|ed|ing)?|portugal"),
    "stop my dog from barking": ("dogs", r"dogs?|bark(?:s|ed|ing)?"),
    "train a cat": ("cats", r"train(?:s|ed|ing)?|cats?"),
    "my baby will not sleep": ("parenting pregnancy sleep", r"bab(?:y|ies)|sleep(?:s|ing)?"),
    "a beginner's guide to index funds": ("finance", r"index(?:es)?|funds?"),
    "the truth about sugar": ("nutrition", r"sugars?"),
    "stories from cold cases": ("true-crime", r"cold|cases?"),
    "chord progressions": ("music-making guitar piano", r"chords?|progressions?"),
    "world cup tactics": ("soccer", r"worlds?|cups?|tactics?"),
    "color grading": ("filmmaking", r"colors?|grad(?:e|es|ed|ing)"),
    "video games": ("gaming", r"games?|videos?"),
    "ancient egypt": ("history mythology", r"ancient|egypt"),
    "stock market": ("finance", r"stocks?|market(?:s|ed|ing)?"),
    "call of duty": ("gaming", r"calls?|called|dut(?:y|ies)"),
}


# Those that ask for a kind get three of it first.
OF_A_KIND = {
    "podcasts about history": ("podcast", "history"),
    "podcast on mental health": ("podcast", "mental-health psychology"),
    "an episode about telescopes": ("podcast", "astronomy"),
    "listen to a talk on stoicism": ("podcast", "philosophy"),
    "true crime podcast": ("podcast", "true-crime"),
    "cat videos": ("video", "cats"),
    "watch someone bake bread": ("video", "baking pizza"),
    "video about volcanoes": ("video", "volcanoes"),
    "yoga video": ("video", "yoga meditation"),
    "underwater drone footage": ("video", "underwater drones"),
    "footage of tornadoes": ("video", "weather"),
}

# A slip that is mended, and the subject of the first result: in words of five to seven letters only letters that are
# swapped, doubled or not doubled, or a vowel that is missing among the last consonants.
MISSPELLED_SHORT = {
    "dokcer": "containers",
    "pyhton": "programming",
    "bitcion": "crypto",
    "gutiar": "guitar",
    "tenniss": "tennis",
    "cofee": "coffee",
    "surffing": "surfing",
    "guitr": "guitar",
    "pythn": "programming",
    "dockr": "containers",
    "bakng": "baking",
    "hikng": "camping",
    "gardn": "gardening",
}
# In words of eight letters or more also any letter too many or too few, a wrong vowel, or a key beside the right one.
MISSPELLED_LONG = {
    "meditaton": "meditation",
    "astronomey": "astronomy",
    "gardning": "gardening",
    "woodwrking": "woodworking",
    "pyschology": "psychology",
    "architechture": "architecture",
    "filmaking": "filmmaking",
    "kubernates": "containers",
    "dinosuars": "dinosaurs",
    "basketbal": "basketball",
    "philosopht": "philosophy",
}
# Slips that are not mended, though a person sees what is meant: another letter in a short word, the first letter, a key
# far from the right one, a word of four letters.
NOT_MENDED = ["pithon", "dicker", "bitcoyn", "gvitar", "yogga", "teniz", "fitball", "ootball", "meditapion"]

# Words that the catalog does not know, however much they look like some that it knows.
UNKNOWN = ["zzzz", "qqxxzzy wvvwk", "doxology", "flibbertigibbet", "barkentine", "xylograph", "grok", "smørrebrød"]
UNKNOWN_NOUNS = """
acorn almond anchor ankle anvil apron arrow artichoke aspirin attic avocado badge bagel balloon bandage banjo basin
bathtub beard beaver beetle blister blouse bottle bracelet brass broom bubble buckle buffalo butcher buzzard cabbage
cactus cannon canoe caramel cashew cattle cauldron caviar cement cereal chandelier chapel cheetah cherry chimney cigar
circus clarinet clerk cloak clover clown cobra cobweb coconut coffin comet copper corridor cotton cradle crane crayon
cricket crown cucumber cupboard curtain dagger daisy deputy diamond dolphin donkey eagle easel elbow elevator emerald
envelope falcon fender ferret fiddle flask fleece flute fountain fridge fringe furnace garlic ginger giraffe goblet
goose gorilla granite grocery hamster harp hatchet hazel heaven hedge hippo honey hornet hostel hut icicle igloo iguana
ivory jaguar jelly jewel ketchup kidney ladder ladle lantern lemon lever lizard lobster locker locust magnet mango
mansion maple marble mattress meadow medal melon mitten monkey moose mosquito mustard necklace nickel oatmeal olive
onion orchid ostrich otter oyster packet painter panther pants parade parcel parrot parsley pastor patio peach pearl
pebble pelican perfume pigeon pillow pirate pistol plank plaster platter plum poison porch potato pottery poultry puddle
pulley pumpkin puppet purse rabbit raccoon radish raisin ranch razor ribbon rifle rooster sandal shard sheriff shovel
shrimp skirt skull slipper sneakers sponge spoon stairs stapler statue steeple stool stork stove straw sunglasses swan
syrup teapot temple thorn throne toothbrush torch towel tractor trophy trumpet tulip turkey turnip turtle tuxedo
tweezers umbrella urn vault velvet violin vulture waffle wagon waist walnut walrus wand wasp whale wig witch wizard
wrist yogurt zebra zipper
"""
# Words that the catalog does not know either, and that are taken for a slip of one that it knows.
TAKEN_FOR = {
    "beast": "beats",
    "crater": "Carter",
    "diner": "dinner",
    "liter": "litter",
    "parish": "Parrish",
    "satin": "stain",
}
