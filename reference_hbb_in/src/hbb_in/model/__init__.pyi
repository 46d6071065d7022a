from .build import build as build
from .interaction_network import InteractionNetwork as InteractionNetwork
