"""What every vendor of the sandbox shares: mounts, faults, the clock, the request log, the control plane.
Floor 8: names no vendor; it knows them as objects of `kernel.vendor.Vendor`.
"""
