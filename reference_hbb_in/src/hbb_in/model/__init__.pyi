from ..export import load_published as load_published
from .build import build as build
from .interaction_network import InteractionNetwork as InteractionNetwork
