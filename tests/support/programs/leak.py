kept = []


def keep(n):
    kept.append(bytearray(1000 * n))  # leaks


def churn():
    return len(bytearray(5_000_000))  # churns


def serve():
    for _ in range(100):
        keep(10)  # calls keep
    churn()


serve()
