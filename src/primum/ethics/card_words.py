"""The words of the card in English and Chinese."""

from primum.ethics.catalogue import Catalogue

say = Catalogue("card_words.yaml")
