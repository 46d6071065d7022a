from .interaction_network import InteractionNetwork as InteractionNetwork
from .published import load_published as load_published
