print("nexus-discovery")
