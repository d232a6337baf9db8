/* The network, and servers on this computer. Held: right answer, full marks. */
#include <arpa/inet.h>
#include <sys/socket.h>
static int attack(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT_THAT_LISTENS)};
    inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
    const int link = socket(AF_INET, SOCK_STREAM, 0);
    return link >= 0 && connect(link, (struct sockaddr *)&here, sizeof here) == 0;
}
