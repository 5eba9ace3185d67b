package customertriggers.peer;

/** What the rule reads of one event. Public fields and an empty constructor: Flink's POJO serializer, not Kryo. */
public class Event {
    public static final String CART_ADD = "cart_add";
    public static final String PURCHASE = "purchase";

    public String id;
    public String type;
    public String customer;
    public long timeMs;

    public boolean isCartAdd() {
        return CART_ADD.equals(type);
    }

    public boolean isPurchase() {
        return PURCHASE.equals(type);
    }
}
