"""Language models: how they are named, asked, paced and paid for. Knows nothing of agents."""
