/* A macro that becomes ten times as much, six times, and that nine times. Held: no points, and only its own time and memory. */
#define WRONG_ANSWER
#define A(x) x, x, x, x, x, x, x, x, x, x
#define B(x) A(x), A(x), A(x), A(x), A(x), A(x), A(x), A(x), A(x), A(x)
#define C(x) B(x), B(x), B(x), B(x), B(x), B(x), B(x), B(x), B(x), B(x)
#define D(x) C(x), C(x), C(x), C(x), C(x), C(x), C(x), C(x), C(x), C(x)
#define E(x) D(x), D(x), D(x), D(x), D(x), D(x), D(x), D(x), D(x), D(x)
#define F(x) E(x), E(x), E(x), E(x), E(x), E(x), E(x), E(x), E(x), E(x)
static volatile int many[] = {F(1), F(2), F(3), F(4), F(5), F(6), F(7), F(8), F(9)};
static int attack(void)
{
    return many[0];
}
